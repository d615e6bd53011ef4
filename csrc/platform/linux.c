#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "platform/platform.h"

/* Memory comes from slabs so that the tables do not use up the process's number of mappings. */
#define SLAB_BYTES ((size_t)4 << 20)
#define SLAB_SHARE (SLAB_BYTES / 4) /* what is larger gets a mapping of its own */

/* How a taken lock is awaited. */
#define SPINS 500u
#define SHORTEST_NAP_NS 1000
#define LONGEST_NAP_NS 200000

/* Writing that signals interrupt is tried again, but not for ever: a timer may be quicker than a slow disk. */
#define MOST_INTERRUPTS 1000u

static struct {
    char *next;
    size_t room;
} slab;

size_t platform_page_bytes(void)
{
    static size_t bytes;
    if (bytes == 0) {
        bytes = (size_t)sysconf(_SC_PAGESIZE);
    }
    return bytes;
}

static size_t whole_pages(size_t bytes)
{
    size_t page = platform_page_bytes();
    return (bytes + page - 1) / page * page;
}

static void *map_pages(size_t bytes)
{
    int kept = errno;
    void *pages = platform_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) {
        pages = NULL;
    } else {
        (void)madvise(pages, bytes, MADV_NOHUGEPAGE); /* the tables are touched sparsely */
    }
    errno = kept;
    return pages;
}

/* Callers hold the lock, or are alone. */
void *platform_take_pages(size_t bytes)
{
    bytes = whole_pages(bytes);
    if (bytes > SLAB_SHARE) {
        return map_pages(bytes);
    }
    if (slab.room < bytes) {
        char *fresh = map_pages(SLAB_BYTES);
        if (fresh == NULL) {
            return map_pages(bytes); /* a limit on addresses may still allow the small one */
        }
        slab.next = fresh;
        slab.room = SLAB_BYTES;
    }
    void *pages = slab.next;
    slab.next += bytes;
    slab.room -= bytes;
    return pages;
}

void platform_give_pages(void *pages, size_t bytes)
{
    int kept = errno;
    (void)platform_munmap(pages, whole_pages(bytes));
    errno = kept;
}

void platform_empty_pages(void *pages, size_t bytes)
{
    int kept = errno;
    if (madvise(pages, whole_pages(bytes), MADV_DONTNEED) != 0) { /* it is locked in memory */
        memset(pages, 0, bytes);
    }
    errno = kept;
}

static uint64_t clock_in_ns(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
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

/* The kernel copies into a pipe and answers EFAULT where we would have crashed. */
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

/* One system call does it, but some containers forbid that one. */
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

void platform_say(const char *message)
{
    int kept = errno;
    (void)syscall(SYS_write, STDERR_FILENO, message, strlen(message));
    errno = kept;
}

/* Writing beyond RLIMIT_FSIZE would bring the program a signal that kills it. */
static bool beyond_file_limit(uint64_t end)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

static int allocate_on_disk(int descriptor, uint64_t offset, size_t bytes)
{
    long status;
    if (beyond_file_limit(offset + bytes)) {
        return EFBIG;
    }
    uint32_t tries = 0;
    do {
        status = syscall(SYS_fallocate, descriptor, 0, (off_t)offset, (off_t)bytes);
        tries += 1;
    } while (status != 0 && errno == EINTR && tries < MOST_INTERRUPTS);
    if (status == 0) {
        return 0;
    }
    /* Some file systems cannot; the C library then writes every block. */
    return errno == EOPNOTSUPP || errno == ENOSYS ? posix_fallocate(descriptor, (off_t)offset, (off_t)bytes) : errno;
}

/* Through syscall(), because open(), close() and their kin are cancellation points, and malloc must be none. */
void *platform_map_file(const char *path, uint64_t offset, size_t bytes, int *error)
{
    int kept = errno;
    void *mapped = NULL;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        *error = errno;
        errno = kept;
        return NULL;
    }
    *error = allocate_on_disk(descriptor, offset, bytes);
    if (*error == 0) {
        mapped = platform_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, (int64_t)offset);
        if (mapped == MAP_FAILED) {
            *error = errno;
            mapped = NULL;
        }
    }
    (void)syscall(SYS_close, descriptor);
    errno = kept;
    return mapped;
}

void platform_unmap_file(void *mapped, size_t bytes)
{
    platform_give_pages(mapped, bytes);
}

bool platform_write_file(const char *path, uint64_t offset, const void *data, size_t bytes)
{
    int kept = errno;
    if (beyond_file_limit(offset + bytes)) {
        return false;
    }
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    const char *next = data;
    uint32_t interrupts = 0;
    while (descriptor >= 0 && bytes > 0) {
        long written = syscall(SYS_pwrite64, descriptor, next, bytes, (off_t)offset);
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
    if (descriptor >= 0) {
        (void)syscall(SYS_close, descriptor);
    }
    errno = kept;
    return bytes == 0;
}

bool platform_lock_slow(struct platform_lock *lock, uintptr_t self)
{
    int kept = errno;
    if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == self) {
        return false;
    }
    struct timespec nap = {.tv_sec = 0, .tv_nsec = 0};
    for (uint32_t tries = 0;; tries++) {
        uintptr_t nobody = 0;
        if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&lock->holder, &nobody, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            break;
        }
        if (tries >= SPINS) { /* its holder is not running */
            nap.tv_nsec = nap.tv_nsec < LONGEST_NAP_NS ? nap.tv_nsec + SHORTEST_NAP_NS : LONGEST_NAP_NS;
            (void)syscall(SYS_nanosleep, &nap, NULL); /* nanosleep() is a cancellation point, malloc must be none */
        }
    }
    errno = kept;
    return true;
}

uint32_t platform_pid(void)
{
    return (uint32_t)getpid();
}

uint32_t platform_parent_pid(void)
{
    return (uint32_t)getppid();
}

void platform_signal_parent(int signal, uint32_t pid, uint32_t parent)
{
    int kept = errno;
    if (platform_pid() == pid) {
        if (platform_parent_pid() == parent) { /* a parent that is gone has left us to one that knows nothing of us */
            (void)kill((pid_t)parent, signal);
        }
    } else {
        struct sigaction usual;
        memset(&usual, 0, sizeof usual);
        usual.sa_handler = SIG_DFL;
        (void)sigaction(signal, &usual, NULL);
        (void)kill(getpid(), signal); /* taken when this handler returns */
    }
    errno = kept;
}

void platform_wipe_on_fork(void *start, size_t bytes)
{
    int kept = errno;
    if (bytes % platform_page_bytes() == 0) {
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

bool platform_is_first_thread(void)
{
    return syscall(SYS_gettid) == getpid();
}

bool platform_is_single_threaded(void)
{
    int kept = errno;
    bool single = false;
    const struct timespec moment = {.tv_sec = 0, .tv_nsec = 100000};
    for (int tries = 0; tries < 50 && !single; tries++) {
        struct stat tasks; /* a folder for each thread: as many links, and two for the folder itself */
        if (stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink < 3) {
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

void platform_handle_signal(int signal, void (*handler)(int))
{
    struct sigaction present;
    if (sigaction(signal, NULL, &present) != 0 || present.sa_handler != SIG_DFL) {
        return;
    }
    struct sigaction wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.sa_handler = handler;
    wanted.sa_flags = SA_RESTART;
    (void)sigemptyset(&wanted.sa_mask);
    (void)sigaction(signal, &wanted, NULL);
}

void *platform_next_symbol(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    __asm__ volatile("" : "+r"(found)); /* no tail call: RTLD_NEXT looks at the caller */
    return found;
}

void *platform_symbol(const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    __asm__ volatile("" : "+r"(found));
    return found;
}

bool platform_owns_symbol(const char *name, const void *own_symbol)
{
    Dl_info used;
    Dl_info own;
    void *found = platform_symbol(name);
    return found != NULL && dladdr(found, &used) != 0 && dladdr(own_symbol, &own) != 0 && used.dli_fbase == own.dli_fbase;
}
