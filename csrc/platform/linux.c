#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "platform/platform.h"
#include "platform/posix.h"
#include "platform/preload_list.h"

/* Retry an allocation that a signal interrupts, but not forever: a timer may be faster than a slow disk. */
#define MOST_INTERRUPTS 1000u

/* Newer than the headers of the oldest C library that the code is compiled with. */
#ifndef MADV_WIPEONFORK
#    define MADV_WIPEONFORK 18
#endif

extern char **environ;

_Thread_local char platform_own_byte;

/* The tables are used sparsely. */
static void advise_small_pages(void *pages, size_t bytes)
{
    if (system_allows(SYSTEM_ADVISES)) {
        (void)madvise(pages, bytes, MADV_NOHUGEPAGE);
    }
}

void *system_map_pages(size_t bytes)
{
    if (!system_allows(SYSTEM_MAPS_MEMORY)) {
        return NULL;
    }
    int kept = errno;
    void *pages =
        platform_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) {
        pages = NULL;
    } else {
        advise_small_pages(pages, bytes);
    }
    errno = kept;
    return pages;
}

void platform_empty_pages(void *pages, size_t bytes)
{
    int kept = errno;
    bool emptied = system_allows(SYSTEM_ADVISES) && madvise(pages, platform_whole_pages(bytes), MADV_DONTNEED) == 0;
    if (!emptied) { /* it is locked in memory */
        memset(pages, 0, bytes);
    }
    errno = kept;
}

static uint64_t clock_in_ns(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * PLATFORM_SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t platform_coarse_clock_ns(void)
{
    return clock_in_ns(CLOCK_MONOTONIC_COARSE);
}

uint64_t platform_clock_ns(void)
{
    return clock_in_ns(CLOCK_MONOTONIC);
}

uint64_t platform_unix_ns(void)
{
    return clock_in_ns(CLOCK_REALTIME);
}

/* The kernel copies into a pipe and returns EFAULT where a read would have crashed. */
static bool read_by_pipe(void *into, uintptr_t address, size_t bytes)
{
    int kept = errno;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        errno = kept;
        return false;
    }
    char *target = into;
    bool good = true;
    while (good && bytes > 0) {
        size_t piece = bytes < 4096 ? bytes : 4096; /* never more than a pipe holds */
        ssize_t written = write(ends[1], (const void *)address, piece);
        good = written > 0 && read(ends[0], target, (size_t)written) == written;
        if (good) {
            target += written;
            address += (uintptr_t)written;
            bytes -= (size_t)written;
        }
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
    errno = kept;
    return good;
}

/* One system call is enough, but some containers forbid it. */
bool platform_safe_read(void *into, uintptr_t address, size_t bytes)
{
    int kept = errno;
    struct iovec here = {.iov_base = into, .iov_len = bytes};
    struct iovec there = {.iov_base = (void *)address, .iov_len = bytes};
    ssize_t done = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    bool forbidden = done < 0 && errno != EFAULT;
    errno = kept;
    return forbidden ? read_by_pipe(into, address, bytes) : done == (ssize_t)bytes;
}

/* Through syscall(): the C library's own are cancellation points. */
int system_open(const char *path, int flags)
{
    if (!system_allows(SYSTEM_OPENS)) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags);
}

int system_duplicate(int descriptor, int least)
{
    return (int)syscall(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, least);
}

/* Not by the C library's fstat, which is either of two system calls. */
bool system_status(int descriptor, struct stat *status)
{
    if (!system_allows(SYSTEM_TELLS_FILES)) {
        errno = EPERM;
        return false;
    }
    return syscall(SYS_fstat, descriptor, status) == 0;
}

void system_close(int descriptor)
{
    (void)syscall(SYS_close, descriptor);
}

long system_write(int descriptor, const void *data, size_t bytes, int64_t offset)
{
    return offset < 0 ? syscall(SYS_write, descriptor, data, bytes)
                      : syscall(SYS_pwrite64, descriptor, data, bytes, offset);
}

/* A child finds the first page of `state` empty, and so writes nothing: see platform_wipe_on_fork. */
void system_unshare_on_fork(void *mapped, size_t bytes)
{
    (void)mapped;
    (void)bytes;
}

/* Else the kernel fills 128 KiB of the page cache at the first access, more than most programs use. */
void system_read_no_further(void *mapped, size_t bytes)
{
    if (system_allows(SYSTEM_ADVISES)) {
        (void)madvise(mapped, bytes, MADV_RANDOM);
    }
}

/* By the system call that any program with several threads makes. Nothing wakes this thread. */
void system_nap(uint32_t nanoseconds)
{
    static uint32_t nothing;
    struct timespec nap = {.tv_sec = 0, .tv_nsec = (long)nanoseconds};
    (void)syscall(SYS_futex, &nothing, FUTEX_WAIT_PRIVATE, 0, &nap, NULL, 0);
}

int system_allocate(int descriptor, uint64_t offset, size_t bytes)
{
    long status;
    uint32_t tries = 0;
    do {
        status = syscall(SYS_fallocate, descriptor, 0, (off_t)offset, (off_t)bytes);
        tries += 1;
    } while (status != 0 && errno == EINTR && tries < MOST_INTERRUPTS);
    if (status == 0) {
        return 0;
    }
    if ((errno != EOPNOTSUPP && errno != ENOSYS) || !system_allows(SYSTEM_WRITES_FILES)) {
        return errno;
    }
    return posix_fallocate(descriptor, (off_t)offset,
                           (off_t)bytes); /* some file systems cannot: then it writes every block */
}

bool platform_is_privileged(void)
{
    return getauxval(AT_SECURE) != 0;
}

void platform_wipe_on_fork(void *start, size_t bytes)
{
    int kept = errno;
    if (bytes % platform_page_bytes() == 0 && system_allows(SYSTEM_ADVISES)) {
        (void)madvise(start, bytes, MADV_WIPEONFORK);
    }
    errno = kept;
}

static pthread_key_t end_key;
static void (*end_function)(void);

static void end_thread(void *unused)
{
    (void)unused;
    end_function();
}

void platform_at_thread_end(void (*function)(void))
{
    if (pthread_key_create(&end_key, end_thread) == 0) {
        end_function = function;
    }
}

void platform_expect_end(void)
{
    if (end_function != NULL) {
        (void)pthread_setspecific(end_key, &end_key); /* any value but NULL */
    }
}

platform_thread_state *platform_guarded(platform_thread_state *ask)
{
    return ask; /* thread-local data exists from the thread's start */
}

static uintptr_t first_thread;

bool platform_is_first_thread(void)
{
    return platform_self() == first_thread;
}

uint32_t platform_thread_count(void)
{
    int kept = errno;
    struct stat tasks; /* a folder for each thread: one link each, and two for the folder itself */
    bool told = system_allows(SYSTEM_TELLS_PATHS) && stat("/proc/self/task", &tasks) == 0;
    uint32_t count = told && tasks.st_nlink > 2 ? (uint32_t)tasks.st_nlink - 2 : 0;
    errno = kept;
    return count;
}

void platform_own_descriptors(void)
{
    (void)syscall(436, 0, ~0u, 2); /* close_range, CLOSE_RANGE_UNSHARE; before Linux 5.9 nothing happens */
}

bool platform_is_single_threaded(void)
{
    int kept = errno;
    bool single = false;
    const struct timespec moment = {.tv_sec = 0, .tv_nsec = 100000};
    for (int tries = 0; tries < 50 && !single; tries++) {
        struct stat tasks; /* a folder for each thread: one link each, and two for the folder itself */
        if (!system_allows(SYSTEM_TELLS_PATHS) || stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink < 3) {
            break;
        }
        single = tasks.st_nlink == 3;
        if (!single) {
            (void)syscall(SYS_nanosleep, &moment, NULL);
        }
    }
    errno = kept;
    return single;
}

void *platform_next_symbol(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    __asm__ volatile("" : "+r"(found)); /* no tail call: RTLD_NEXT depends on the caller */
    return found;
}

static bool is_own(const void *path, const char *entry, size_t length)
{
    return length == strlen(path) && memcmp(entry, path, length) == 0;
}

const char *platform_loaded(const void *own_symbol)
{
    Dl_info own;
    first_thread = platform_self(); /* only this thread runs while the dynamic linker loads preloaded libraries */
    return dladdr(own_symbol, &own) != 0 ? own.dli_fname : NULL;
}

void platform_leave_preload_list(const char *library)
{
    (void)preload_list_leave(environ, "LD_PRELOAD=", ": ", is_own, library);
}

char **platform_environment(void)
{
    return environ;
}

void platform_condition_begin(pthread_cond_t *condition)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &clock);
    pthread_condattr_destroy(&clock);
}

bool platform_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t nanoseconds)
{
    uint64_t until = platform_clock_ns() + nanoseconds;
    struct timespec when = {.tv_sec = (time_t)(until / PLATFORM_SECOND_NS),
                            .tv_nsec = (long)(until % PLATFORM_SECOND_NS)};
    return pthread_cond_timedwait(condition, lock, &when) == 0;
}
