/* The one file that the process writes while the program runs. It is opened once: a sandboxed program (chroot, setuid,
 * a filter of system calls) may no longer reach its path. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "platform/platform.h"
#include "platform/posix.h"

/* Retry a write that a signal interrupts, but not forever: a timer may be faster than a slow disk. */
#define MOST_INTERRUPTS 1000u

#define OPEN_FLAGS (O_RDWR | O_CLOEXEC | O_NOFOLLOW)

/* A number that the program's own files do not get, which have the lowest free ones: so the program sees the numbers
 * that it has without the profiler. Far above, the kernel's table of files would be large, and each fork copies it. The
 * first one below the process's limit is used. */
static int duplicate_high(int descriptor)
{
    static const int places[] = {1000, 240, 60};
    int high = -1;
    for (size_t i = 0; i < sizeof places / sizeof *places && high < 0; i++) {
        high = system_duplicate(descriptor, places[i]);
    }
    return high;
}

bool platform_open_file(struct platform_file *file, const char *path, int *error)
{
    int kept = errno;
    struct stat status;
    int descriptor = system_open(path, OPEN_FLAGS);
    bool good = descriptor >= 0 && system_status(descriptor, &status);
    if (good) {
        *file = (struct platform_file){.path = path,
                                       .descriptor = duplicate_high(descriptor),
                                       .device = (uint64_t)status.st_dev,
                                       .inode = (uint64_t)status.st_ino,
                                       .bytes = 0};
    } else {
        *error = errno;
    }
    if (descriptor >= 0) {
        system_close(descriptor);
    }
    errno = kept;
    return good;
}

static bool is_same(const struct platform_file *file, const struct stat *status)
{
    return (uint64_t)status->st_dev == file->device && (uint64_t)status->st_ino == file->inode;
}

/* Is it that file, of the expected length? In a truncated file, new bytes would only hide that. */
static bool leads_to(int descriptor, const struct platform_file *file)
{
    struct stat status;
    return system_status(descriptor, &status) && is_same(file, &status) && (uint64_t)status.st_size >= file->bytes;
}

/* A descriptor of the file; -1, and errno, if there is none. */
static int obtain(const struct platform_file *file)
{
    if (file->descriptor >= 0 && leads_to(file->descriptor, file)) {
        return file->descriptor;
    }
    int descriptor = system_open(file->path, OPEN_FLAGS);
    if (descriptor >= 0 && !leads_to(descriptor, file)) {
        system_close(descriptor);
        errno = ESTALE;
        return -1;
    }
    return descriptor;
}

static void leave(const struct platform_file *file, int descriptor)
{
    if (descriptor >= 0 && descriptor != file->descriptor) {
        system_close(descriptor);
    }
}

/* Writing beyond RLIMIT_FSIZE would send the program a fatal signal. */
static bool beyond_file_limit(uint64_t end)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

void *platform_map_file(struct platform_file *file, uint64_t offset, size_t bytes, int *error)
{
    int kept = errno;
    void *mapped = NULL;
    int descriptor = system_allows(SYSTEM_GROWS_FILES) ? obtain(file) : (errno = EPERM, -1);
    if (descriptor < 0) {
        *error = errno;
        errno = kept;
        return NULL;
    }
    *error = beyond_file_limit(offset + bytes) ? EFBIG : system_allocate(descriptor, offset, bytes);
    if (*error == 0) {
        file->bytes = offset + bytes > file->bytes ? offset + bytes : file->bytes;
        mapped = platform_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, (int64_t)offset);
        if (mapped == MAP_FAILED) {
            *error = errno;
            mapped = NULL;
        } else {
            system_read_no_further(mapped, bytes);
            system_unshare_on_fork(mapped, bytes);
        }
    }
    leave(file, descriptor);
    errno = kept;
    return mapped;
}

void platform_unmap_file(void *mapped, size_t bytes)
{
    platform_unmap_pages(mapped, bytes);
}

bool platform_write_file(const struct platform_file *file, uint64_t offset, const void *data, size_t bytes)
{
    if (!system_allows(SYSTEM_WRITES_FILES)) {
        return false;
    }
    int kept = errno;
    int descriptor = beyond_file_limit(offset + bytes) ? -1 : obtain(file);
    const char *next = data;
    uint32_t interrupts = 0;
    while (descriptor >= 0 && bytes > 0) {
        long written = system_write(descriptor, next, bytes, (int64_t)offset);
        if (written < 0 && errno == EINTR && interrupts < MOST_INTERRUPTS) {
            interrupts += 1;
            continue;
        }
        if (written <= 0) {
            break;
        }
        next += written;
        offset += (uint64_t)written;
        bytes -= (size_t)written;
    }
    leave(file, descriptor);
    errno = kept;
    return bytes == 0;
}

/* Does the program leave the kept descriptor alone? */
static bool is_kept(const struct platform_file *file)
{
    struct stat status;
    return file->descriptor >= 0 && system_status(file->descriptor, &status) && is_same(file, &status);
}

void platform_close_file(struct platform_file *file)
{
    int kept = errno;
    if (is_kept(file)) { /* else it is the program's by now */
        system_close(file->descriptor);
    }
    errno = kept;
    file->descriptor = -1;
}

void *platform_map_shared(const char *path, size_t bytes, bool make)
{
    if (!system_allows(SYSTEM_OPENS) || !system_allows(SYSTEM_GROWS_FILES)) {
        return NULL;
    }
    int kept = errno;
    struct stat status;
    void *mapped = NULL;
    int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT | O_EXCL : 0), S_IRUSR | S_IWUSR);
    bool good = descriptor >= 0 && (!make || system_allocate(descriptor, 0, bytes) == 0) &&
                system_status(descriptor, &status) && S_ISREG(status.st_mode) && (uint64_t)status.st_size >= bytes;
    if (good) {
        mapped = platform_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        mapped = mapped == MAP_FAILED ? NULL : mapped;
    }
    if (descriptor >= 0) {
        system_close(descriptor);
    }
    errno = kept;
    return mapped;
}
