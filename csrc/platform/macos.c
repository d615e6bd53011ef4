/* Calls within this library to functions that it replaces are the real ones: the dynamic linker only changes calls of
 * others. */
#include <crt_externs.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <mach/vm_inherit.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "platform/macos.h"
#include "platform/platform.h"
#include "platform/posix.h"
#include "platform/preload_list.h"

static bool inserted;

void *system_map_pages(size_t bytes)
{
    int kept = errno;
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    errno = kept;
    return pages == MAP_FAILED ? NULL : pages;
}

/* New pages replace the old ones in one step: a reader meanwhile sees either. */
void platform_empty_pages(void *pages, size_t bytes)
{
    int kept = errno;
    if (mmap(pages, platform_whole_pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) ==
        MAP_FAILED) {
        memset(pages, 0, bytes);
    }
    errno = kept;
}

/* The clock of Python's time.monotonic(), which the supervisor compares with: it stands still while the machine
 * sleeps. */
uint64_t platform_coarse_clock_ns(void)
{
    return clock_gettime_nsec_np(CLOCK_UPTIME_RAW_APPROX);
}

uint64_t platform_clock_ns(void)
{
    return clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
}

uint64_t platform_unix_ns(void)
{
    return clock_gettime_nsec_np(CLOCK_REALTIME);
}

bool platform_safe_read(void *into, uintptr_t address, size_t bytes)
{
    vm_size_t copied = 0;
    return vm_read_overwrite(mach_task_self(), address, bytes, (vm_address_t)into, &copied) == KERN_SUCCESS &&
           copied == bytes;
}

int system_open(const char *path, int flags)
{
    int before = cancellation_off();
    int descriptor = open(path, flags);
    cancellation_back(before);
    return descriptor;
}

int system_duplicate(int descriptor, int least)
{
    return fcntl(descriptor, F_DUPFD_CLOEXEC, least);
}

bool system_status(int descriptor, struct stat *status)
{
    return fstat(descriptor, status) == 0;
}

/* Here, forbidden calls fail: no process is killed for them. */
bool system_allows(enum system_deed deed)
{
    (void)deed;
    return true;
}

bool platform_replace_mapping(void *start, size_t bytes)
{
    return mmap(start, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void system_close(int descriptor)
{
    int before = cancellation_off();
    (void)close(descriptor);
    cancellation_back(before);
}

long system_write(int descriptor, const void *data, size_t bytes, int64_t offset)
{
    int before = cancellation_off();
    long written = offset < 0 ? write(descriptor, data, bytes) : pwrite(descriptor, data, bytes, offset);
    cancellation_back(before);
    return written;
}

/* For file systems that cannot reserve blocks: writing allocates them. */
static int write_zeros(int descriptor, int64_t from, int64_t to)
{
    static const char zeros[4096];
    while (from < to) {
        size_t piece = to - from < (int64_t)sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        long written = system_write(descriptor, zeros, piece, from);
        if (written <= 0) {
            return written == 0 ? ENOSPC : errno;
        }
        from += written;
    }
    return 0;
}

/* The file's existing part is on the disk: the library leaves no holes. */
int system_allocate(int descriptor, uint64_t offset, size_t bytes)
{
    struct stat present;
    int64_t wanted = (int64_t)(offset + bytes);
    if (fstat(descriptor, &present) != 0) {
        return errno;
    }
    if (present.st_size >= wanted) {
        return 0;
    }
    fstore_t request = {
        .fst_flags = F_ALLOCATEALL, .fst_posmode = F_PEOFPOSMODE, .fst_length = wanted - present.st_size};
    int before = cancellation_off();
    int status = fcntl(descriptor, F_PREALLOCATE, &request) == 0 ? 0 : errno;
    if (status == 0) {
        status = ftruncate(descriptor, wanted) == 0 ? 0 : errno;
    }
    cancellation_back(before);
    return status == ENOTSUP || status == EINVAL || status == ENOTTY ? write_zeros(descriptor, present.st_size, wanted)
                                                                     : status;
}

/* Neither a cancellation point nor a call that takes a lock. */
void system_nap(uint32_t nanoseconds)
{
    mach_timebase_info_data_t base;
    if (mach_timebase_info(&base) == KERN_SUCCESS) {
        (void)mach_wait_until(mach_absolute_time() + (uint64_t)nanoseconds * base.denom / base.numer);
    }
}

/* In a child, the system's own fork handlers may run before the library's, and allocate: their changes stay in the
 * child. */
void system_unshare_on_fork(void *mapped, size_t bytes)
{
    int kept = errno;
    (void)minherit(mapped, bytes, VM_INHERIT_COPY);
    errno = kept;
}

bool platform_is_privileged(void)
{
    return issetugid() != 0;
}

/* Not available here. A child that runs no handlers can only start another program. */
void platform_wipe_on_fork(void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
}

bool platform_is_first_thread(void)
{
    return pthread_main_np() != 0;
}

/* The system creates threads without pthread_create, for work that libraries submit to it, at any moment. So the lock
 * can never be left out. */
bool platform_is_single_threaded(void)
{
    return false;
}

uint32_t platform_thread_count(void)
{
    return 0;
}

void platform_own_descriptors(void)
{
    /* every thread uses the process's */
}

/* The list may name the same file differently. */
static bool is_own(const void *path, const char *entry, size_t length)
{
    char name[PATH_MAX];
    struct stat own, named;
    if (length >= sizeof name) {
        return false;
    }
    memcpy(name, entry, length);
    name[length] = '\0';
    return strcmp(name, path) == 0 || (stat(name, &named) == 0 && stat(path, &own) == 0 && named.st_dev == own.st_dev &&
                                       named.st_ino == own.st_ino);
}

/* Older dynamic linkers look up the compiler's own calls at the first call, under one of their locks: make that first
 * call now, not in a hook. */
static void call_once(void)
{
    static volatile size_t none;
    static char into[16], from[16];
    __asm__ volatile("" : : "r"(into), "r"(from) : "memory"); /* else it would see that nothing is done */
    __builtin_memset(into, 0, none);
    __builtin_memcpy(into, from, none);
    __builtin_memmove(into, from, none);
    __asm__ volatile("" : : "r"(into) : "memory");
}

const char *platform_loaded(const void *own_symbol)
{
    Dl_info own;
    call_once();
    system_remember_c_library();
    return dladdr(own_symbol, &own) != 0 ? own.dli_fname : NULL;
}

void platform_leave_preload_list(const char *library)
{
    inserted = preload_list_leave(*_NSGetEnviron(), "DYLD_INSERT_LIBRARIES=", ":", is_own, library);
}

bool platform_runs(const char *name)
{
    char path[PATH_MAX];
    uint32_t room = sizeof path;
    if (_NSGetExecutablePath(path, &room) != 0) {
        return false;
    }
    const char *base = strrchr(path, '/');
    return base != NULL && strncmp(base + 1, name, strlen(name)) == 0;
}

char **platform_environment(void)
{
    return *_NSGetEnviron();
}

/* If the system ignores that variable (for a program of its own, or a hardened one), it removes it from the environment
 * before any library is initialized. And the pairs of a library that is loaded later change nothing. */
bool platform_is_inserted(void)
{
    return inserted && system_tells_threads_apart();
}

void platform_condition_begin(pthread_cond_t *condition)
{
    pthread_cond_init(condition, NULL);
}

bool platform_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t nanoseconds)
{
    struct timespec time = {.tv_sec = (time_t)(nanoseconds / PLATFORM_SECOND_NS),
                            .tv_nsec = (long)(nanoseconds % PLATFORM_SECOND_NS)};
    return pthread_cond_timedwait_relative_np(condition, lock, &time) == 0;
}

size_t platform_command_line(char *words, size_t room)
{
    (void)words;
    (void)room;
    return 0; /* to be had by sysctl only, which nothing needs yet */
}

size_t platform_symbol_bytes(const char *name, const void *address)
{
    (void)name;
    (void)address;
    return 0;
}

void system_read_no_further(void *mapped, size_t bytes)
{
    (void)mapped;
    (void)bytes;
}
