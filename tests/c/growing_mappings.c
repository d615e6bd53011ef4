/* Every call that can give a thread memory. `take` maps as usual; each of the others takes 1 MiB in its own way, from
 * what the thread's `take` has prepared. All answer 0, or 1 if something went wrong, and have no parameters: so that
 * Python need not allocate anything to call them. */
#define _GNU_SOURCE
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define RW (PROT_READ | PROT_WRITE)

static _Thread_local char *mapped;
static _Thread_local char *reserved;

static char *map(int protection)
{
    return mmap(NULL, MIB, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int take(void)
{
    reserved = map(PROT_NONE);
    mapped = map(RW);
    return reserved == MAP_FAILED || mapped == MAP_FAILED;
}

int more_by_mmap(void)
{
    return map(RW) == MAP_FAILED;
}

int more_by_mremap(void)
{
    return mremap(mapped, MIB, 2 * MIB, MREMAP_MAYMOVE) == MAP_FAILED;
}

/* Of the same size, at another place: it belongs to who asked for that. */
int more_by_moving(void)
{
    return mremap(mapped, MIB, MIB, MREMAP_MAYMOVE | MREMAP_FIXED, reserved) == MAP_FAILED;
}

int more_by_mprotect(void)
{
    return mprotect(reserved, MIB, RW) != 0;
}

int more_by_pkey_mprotect(void)
{
    return pkey_mprotect(reserved, MIB, RW, -1) != 0;
}

int more_by_sbrk(void)
{
    return sbrk((intptr_t)MIB) == (void *)-1;
}

int more_by_brk(void)
{
    return brk((char *)sbrk(0) + MIB) != 0;
}

int more_by_shmat(void)
{
    int identifier = shmget(IPC_PRIVATE, MIB, IPC_CREAT | 0600);
    void *at = shmat(identifier, NULL, 0);
    shmctl(identifier, IPC_RMID, NULL);
    return at == (void *)-1;
}
