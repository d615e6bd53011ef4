/* Mappings that are not plain anonymous ones. Each function leaves exactly what its comment says alive and answers the
 * address, NULL when something went wrong. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#    define MREMAP_DONTUNMAP 4
#endif
#define RW (PROT_READ | PROT_WRITE)

static void *checked(void *at)
{
    return at == MAP_FAILED ? NULL : at;
}

static void *map_descriptor(int descriptor, size_t n, int flags)
{
    void *at = NULL;
    if (descriptor >= 0 && ftruncate(descriptor, (off_t)n) == 0)
        at = checked(mmap(NULL, n, RW, flags, descriptor, 0));
    close(descriptor);
    return at;
}

/* n */
void *map_memfd(size_t n)
{
    return map_descriptor(memfd_create("test", 0), n, MAP_SHARED);
}

/* n, under a descriptor of several digits */
void *map_memfd_high(size_t n)
{
    int low = memfd_create("test", 0);
    int high = fcntl(low, F_DUPFD, 123);
    close(low);
    return map_descriptor(high, n, MAP_SHARED);
}

/* n */
void *map_posix_shared(size_t n)
{
    char name[64];
    snprintf(name, sizeof name, "/dev/shm/fil-test-%d", (int)getpid());
    int descriptor = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    unlink(name);
    return map_descriptor(descriptor, n, MAP_SHARED);
}

/* 0: a file's */
void *map_private_of_memfd(size_t n)
{
    return map_descriptor(memfd_create("test", 0), n, MAP_PRIVATE);
}

/* n */
void *map_zero_device(size_t n)
{
    int descriptor = open("/dev/zero", O_RDWR);
    void *at = checked(mmap(NULL, n, RW, MAP_PRIVATE, descriptor, 0));
    close(descriptor);
    return at;
}

/* 0: a file on a disk */
void *map_shared_file(size_t n, const char *path)
{
    return map_descriptor(open(path, O_RDWR | O_CREAT, 0600), n, MAP_SHARED);
}

static void *attach(size_t n)
{
    int identifier = shmget(IPC_PRIVATE, n, IPC_CREAT | 0600);
    void *at = shmat(identifier, NULL, 0);
    shmctl(identifier, IPC_RMID, NULL);
    return checked(at);
}

/* n */
void *map_system_v(size_t n)
{
    void *other = attach(3 << 20);
    return other != NULL && shmdt(other) == 0 ? attach(n) : NULL;
}

/* 0 */
void *map_system_v_detached(size_t n)
{
    char *at = attach(n);
    return at != NULL && shmdt(at) == 0 && shmdt(at) == -1 ? at : NULL;
}

static char *reserve(size_t n)
{
    return checked(mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

/* 0 */
void *map_reserved(size_t n)
{
    return reserve(n * 100);
}

/* n: out of the middle of a larger reservation, in two steps that overlap */
void *map_used(size_t n)
{
    char *at = reserve(n * 4);
    if (at == NULL || mprotect(at + n, n / 2, RW) != 0 || mprotect(at + n, n, RW) != 0)
        return NULL;
    memset(at + n, 1, n);
    return mprotect(at + n, n, PROT_READ) == 0 && mprotect(at + n, n, RW) == 0 ? at : NULL;
}

/* 0: used, and given back to the reservation by a mapping over it */
void *map_used_and_decommitted(size_t n)
{
    char *at = reserve(n * 4);
    if (at == NULL || mprotect(at, n * 4, RW) != 0)
        return NULL;
    return checked(mmap(at, n * 4, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

/* n: what was decommitted is used again */
void *map_used_again(size_t n)
{
    char *at = map_used_and_decommitted(n);
    return at != NULL && mprotect(at, n, RW) == 0 ? at : NULL;
}

/* n: a reservation that is moved is one still */
void *map_used_after_moving(size_t n)
{
    char *at = reserve(n * 2);
    at = at == NULL ? NULL : checked(mremap(at, n * 2, n * 8, MREMAP_MAYMOVE));
    return at != NULL && mprotect(at + n * 6, n, RW) == 0 ? at : NULL;
}

/* 0: unmapped before it was used; what comes to lie there is a file's */
void *map_file_over_reserved(size_t n, const char *path)
{
    char *at = reserve(n * 2);
    int descriptor = open(path, O_RDWR | O_CREAT, 0600);
    if (at == NULL || munmap(at, n * 2) != 0 || ftruncate(descriptor, (off_t)n) != 0)
        return NULL;
    void *over = checked(mmap(at, n, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0));
    close(descriptor);
    return over != NULL && mprotect(over, n, RW) == 0 ? over : NULL;
}

/* n: the same pages under two addresses count once */
void *map_twice(size_t n)
{
    char *at = checked(mmap(NULL, n, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return at == NULL ? NULL : checked(mremap(at, 0, n, MREMAP_MAYMOVE));
}

/* n */
void *map_break(size_t n)
{
    return checked(sbrk((intptr_t)n)); /* (void *)-1, as for mmap */
}

/* 0: raised by both functions, and lowered again */
void *map_break_lowered(size_t n)
{
    char *at = checked(sbrk((intptr_t)n));
    if (at == NULL || brk(at + 2 * n) != 0 || brk(at + n) != 0)
        return NULL;
    return checked(sbrk(-(intptr_t)n));
}

/* n: its pages were given back, but it can be written any time */
void *map_given_back(size_t n)
{
    char *at = checked(mmap(NULL, n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (at == NULL)
        return NULL;
    memset(at, 1, n);
    return madvise(at, n, MADV_DONTNEED) == 0 && at[n - 1] == 0 && madvise(at, n, MADV_FREE) == 0 ? at : NULL;
}

/* n: what it grows by itself later does not count */
void *map_growing_down(size_t n)
{
    return checked(mmap(NULL, n, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
}

/* n */
void *map_used_with_key(size_t n)
{
    char *at = reserve(n * 2);
    return at != NULL && pkey_mprotect(at, n, RW, -1) == 0 ? at : NULL;
}

/* n: over a part of a reservation is no place for it, beside it is */
void *map_no_replace(size_t n)
{
    char *at = reserve(n * 2);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    if (at == NULL || mmap(at, n, RW, flags, -1, 0) != MAP_FAILED || munmap(at, n * 2) != 0)
        return NULL;
    return checked(mmap(at, n, RW, flags, -1, 0));
}

/* n: half of it was moved on, and the emptied half fills again */
void *map_left_behind(size_t n)
{
    char *at = checked(mmap(NULL, n / 2, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    return at == NULL ? NULL : checked(mremap(at, n / 2, n / 2, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
}
