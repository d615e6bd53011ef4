/* The system calls that map memory, and what kind of memory a mapping is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "platform/linux_sandbox.h"
#include "platform/platform.h"
#include "platform/posix.h"

/* Newer than the headers of the oldest C library that the code is compiled with. */
#ifndef SYS_pkey_mprotect
#    ifdef __x86_64__
#        define SYS_pkey_mprotect 329
#    else
#        define SYS_pkey_mprotect 288
#    endif
#endif

void *platform_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    long result = syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
    return (void *)result; /* MAP_FAILED is (void *)-1, which is what a failed syscall() returns */
}

int platform_munmap(void *address, size_t bytes)
{
    return (int)syscall(SYS_munmap, address, bytes);
}

void *platform_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, void *new_address)
{
    return (void *)syscall(SYS_mremap, address, old_bytes, new_bytes, flags, new_address);
}

bool platform_maps_for_itself(const void *caller)
{
    (void)caller; /* what the C library maps itself does not call the replaced functions */
    return false;
}

/* /dev/zero gives the same memory as MAP_ANONYMOUS. */
static bool is_zero_device(int descriptor)
{
    int kept = errno;
    struct stat status;
    bool zero = system_status(descriptor, &status) && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 5);
    errno = kept;
    return zero;
}

/* "/proc/self/fd/N", without a function that may allocate. */
static void descriptor_link(char *link, int descriptor)
{
    static const char folder[] = "/proc/self/fd/";
    char digits[12];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + descriptor % 10);
        descriptor /= 10;
    } while (descriptor != 0);
    memcpy(link, folder, sizeof folder);
    link += sizeof folder - 1;
    while (count != 0) {
        *link++ = digits[--count];
    }
    *link = 0;
}

uint32_t platform_file_path(int descriptor, uint8_t *path, size_t room)
{
    int kept = errno;
    char link[32];
    long length = 0;
    if (descriptor >= 0 && system_allows(SYSTEM_TELLS_PATHS)) {
        descriptor_link(link, descriptor);
        length = syscall(SYS_readlinkat, AT_FDCWD, link, path, room);
    }
    errno = kept;
    return length > 0 ? (uint32_t)length : 0;
}

bool platform_is_private(int flags)
{
    return (flags & MAP_TYPE) == MAP_PRIVATE;
}

/* The kernel names what a descriptor leads to. A private mapping of it only copies written pages: it counts as a
 * file's. */
static bool is_shared_memory(int flags, int descriptor)
{
    static const char *const places[] = {"/memfd:", "/dev/shm/"};
    uint8_t target[32];
    struct stat status;
    if ((flags & MAP_TYPE) == MAP_PRIVATE || descriptor < 0) {
        return false;
    }
    uint32_t length = platform_file_path(descriptor, target, sizeof target);
    if (length == 0) { /* no /proc, or it is forbidden */
        int kept = errno;
        bool known = system_status(descriptor, &status) && linux_sandbox_is_memory(status.st_dev);
        errno = kept;
        return known;
    }
    bool memory = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        size_t head = strlen(places[i]);
        memory = memory || (length > head && memcmp(target, places[i], head) == 0);
    }
    return memory;
}

bool platform_is_memory(int flags, int descriptor)
{
    return (flags & MAP_ANONYMOUS) != 0 || is_zero_device(descriptor) || is_shared_memory(flags, descriptor);
}

#define HUGE_PAGE_SHIFT_AT 26 /* MAP_HUGE_SHIFT */
#define HUGE_PAGE_SHIFT_MASK 63
#define USUAL_HUGE_PAGE_SHIFT 21

size_t platform_mapped_bytes(size_t bytes, int flags)
{
    if ((flags & MAP_HUGETLB) == 0) {
        return platform_whole_pages(bytes);
    }
    int asked = flags >> HUGE_PAGE_SHIFT_AT & HUGE_PAGE_SHIFT_MASK;
    size_t page = (size_t)1 << (asked == 0 ? USUAL_HUGE_PAGE_SHIFT : asked);
    return (bytes + page - 1) / page * page;
}

int platform_mprotect(void *address, size_t bytes, int protection, int key)
{
    if (key == PLATFORM_NO_KEY) {
        return (int)syscall(SYS_mprotect, address, bytes, protection);
    }
    return (int)syscall(SYS_pkey_mprotect, address, bytes, protection, key);
}

void *platform_shmat(int identifier, const void *address, int flags)
{
    return (void *)syscall(SYS_shmat, identifier, address, flags);
}

int platform_shmdt(const void *address)
{
    return (int)syscall(SYS_shmdt, address);
}

size_t platform_shared_bytes(int identifier)
{
    int kept = errno;
    struct shmid_ds facts;
    bool told = system_allows(SYSTEM_TELLS_SEGMENTS) && syscall(SYS_shmctl, identifier, IPC_STAT, &facts) == 0;
    size_t bytes = told ? platform_whole_pages(facts.shm_segsz) : 0;
    errno = kept;
    return bytes;
}

bool platform_is_usable(int protection)
{
    return protection != PROT_NONE;
}

bool platform_leaves_old(int mremap_flags)
{
#ifdef MREMAP_DONTUNMAP
    return (mremap_flags & MREMAP_DONTUNMAP) != 0;
#else
    return (mremap_flags & 4) != 0;
#endif
}

bool platform_has_new_address(int mremap_flags)
{
    return (mremap_flags & MREMAP_FIXED) != 0;
}
