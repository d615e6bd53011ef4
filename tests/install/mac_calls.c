/* What the macOS library calls, in terms of what Linux has. Numbers and structures are translated. */
#include "mac_host.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char *environment[] = {mac.preloaded, NULL};
static char **environment_at = environment;
static unsigned task = 7;

int mac_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    void *found = __libc_memalign(alignment, bytes);
    *block = found == NULL ? *block : found;
    return found == NULL ? ENOMEM : 0;
}

static void *mac_valloc(size_t bytes)
{
    return __libc_memalign(4096, bytes);
}

static void *mac_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    int ours = (flags & 0xf) | ((flags & MAC_MAP_FIXED) != 0 ? MAP_FIXED : 0) |
               ((flags & MAC_MAP_ANON) != 0 ? MAP_ANONYMOUS : 0);
    return (void *)syscall(SYS_mmap, address, bytes, protection, ours, descriptor, offset);
}

int mac_munmap(void *address, size_t bytes)
{
    return (int)syscall(SYS_munmap, address, bytes);
}

int mac_mprotect(void *address, size_t bytes, int protection)
{
    return (int)syscall(SYS_mprotect, address, bytes, protection);
}

static int mac_open(const char *name, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, name,
                        (flags & 3) | ((flags & 0x1000000) != 0 ? O_CLOEXEC : 0) |
                            ((flags & 0x100) != 0 ? O_NOFOLLOW : 0));
}

struct mac_stat {
    int32_t device;
    uint32_t unused;
    uint64_t file;
    char unused_too[80];
    int64_t bytes; /* offset 96 */
    char rest[40];
};

static int mac_status(int answer, const struct stat *status, struct mac_stat *into)
{
    memset(into, 0, sizeof *into);
    into->device = (int32_t)status->st_dev;
    into->file = status->st_ino;
    into->bytes = status->st_size;
    return answer;
}

static int mac_fstat(int descriptor, struct mac_stat *into)
{
    struct stat status = {.st_size = 0};
    int answer = fstat(descriptor, &status);
    return mac_status(answer, &status, into);
}

static int mac_stat(const char *name, struct mac_stat *into)
{
    struct stat status = {.st_size = 0};
    int answer = stat(name, &status);
    return mac_status(answer, &status, into);
}

struct mac_store {
    uint32_t flags;
    int32_t mode;
    int64_t offset, bytes, allocated;
};

int mac_fcntl(int descriptor, int command, void *argument);

int mac_fcntl(int descriptor, int command, void *argument)
{
    char link[64] = "/proc/self/fd/";
    struct stat status;
    if (command == 42) { /* F_PREALLOCATE, from the end on */
        const struct mac_store *store = argument;
        return fstat(descriptor, &status) != 0
                   ? -1
                   : (int)syscall(SYS_fallocate, descriptor, 1, status.st_size, store->bytes);
    }
    if (command == 67) { /* F_DUPFD_CLOEXEC */
        return fcntl(descriptor, F_DUPFD_CLOEXEC, (int)(intptr_t)argument);
    }
    if (command != 50 || descriptor < 0) { /* F_GETPATH */
        errno = EBADF;
        return -1;
    }
    size_t at = strlen(link);
    for (int rest = descriptor, power = 1000000; power != 0; power /= 10) {
        link[at++] = (char)('0' + rest / power % 10);
    }
    char *digits = link + 14; /* without zeros in front */
    while (*digits == '0' && digits[1] != '\0') {
        memmove(digits, digits + 1, strlen(digits));
    }
    long length = readlink(link, argument, 1023);
    if (length <= 0 || memcmp(argument, "/memfd:", 7) == 0 || memcmp(argument, "/dev/shm/", 9) == 0) {
        errno = EBADF;
        return -1;
    }
    ((char *)argument)[length] = '\0';
    return 0;
}

static int mac_getrlimit(int which, uint64_t *limit)
{
    struct rlimit ours;
    int answer = getrlimit(which, &ours);
    limit[0] = ours.rlim_cur == RLIM_INFINITY ? INT64_MAX : ours.rlim_cur;
    limit[1] = ours.rlim_max == RLIM_INFINITY ? INT64_MAX : ours.rlim_max;
    return answer;
}

struct mac_action {
    void (*handler)(int);
    uint32_t mask;
    int32_t flags;
};

static int mac_sigaction(int number, const struct mac_action *action, struct mac_action *before)
{
    struct sigaction ours, old;
    memset(&ours, 0, sizeof ours);
    if (action != NULL) {
        ours.sa_handler = action->handler;
        ours.sa_flags = (action->flags & 2) != 0 ? SA_RESTART : 0;
    }
    int answer = sigaction(number, action == NULL ? NULL : &ours, &old);
    if (before != NULL) {
        before->handler = old.sa_handler;
    }
    return answer;
}

static long mac_sysconf(int name)
{
    return name == 29 ? sysconf(_SC_PAGESIZE) : -1;
}

static uint64_t mac_clock(int clock)
{
    struct timespec now;
    (void)clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t mac_absolute_time(void)
{
    return mac_clock(8);
}

static int mac_timebase(uint32_t *base)
{
    base[0] = base[1] = 1;
    return 0;
}

static int mac_wait_until(uint64_t deadline)
{
    struct timespec when = {.tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u)};
    return (int)syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

static int mac_key_create(uint64_t *key, void (*destructor)(void *))
{
    pthread_key_t ours;
    int answer = pthread_key_create(&ours, destructor);
    *key = ours;
    return answer;
}

static int mac_setcancelstate(int state, int *before)
{
    int old = PTHREAD_CANCEL_ENABLE;
    int answer = pthread_setcancelstate(state == 1 ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE, &old);
    if (before != NULL) {
        *before = old == PTHREAD_CANCEL_ENABLE;
    }
    return answer;
}

static int mac_main_thread(void)
{
    return syscall(SYS_gettid) == getpid();
}

/* Through a pipe, for emulators that have not process_vm_readv. */
static int mac_read_memory(unsigned of, uintptr_t address, uintptr_t bytes, uintptr_t into, uintptr_t *copied)
{
    int ends[2];
    if (of != task || pipe2(ends, O_CLOEXEC) != 0) {
        return 1;
    }
    uintptr_t done = 0;
    while (done < bytes) {
        size_t piece = bytes - done < 4096 ? bytes - done : 4096;
        ssize_t written = write(ends[1], (const void *)(address + done), piece);
        if (written <= 0 || read(ends[0], (void *)(into + done), (size_t)written) != written) {
            break;
        }
        done += (uintptr_t)written;
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
    *copied = done;
    return done == bytes ? 0 : 1;
}

static void *mac_dlsym(void *handle, const char *name)
{
    return handle == (void *)-2 ? dlsym(RTLD_DEFAULT, name) : NULL;
}

static int mac_dladdr(const char *address, Dl_info *into)
{
    if (address < mac.image || address >= mac.image + mac.bytes) {
        return 0; /* where malloc is: not told */
    }
    *into = (Dl_info){.dli_fname = mac.path, .dli_fbase = mac.image};
    return 1;
}

static char ***mac_environ(void)
{
    return &environment_at;
}

static int *mac_error(void)
{
    return &errno;
}

static int mac_no(void)
{
    return 0;
}

static void *mac_memcpy_chk(void *into, const void *from, size_t bytes, size_t room)
{
    return bytes <= room ? memcpy(into, from, bytes) : (abort(), NULL);
}

static void *mac_memmove_chk(void *into, const void *from, size_t bytes, size_t room)
{
    return bytes <= room ? memmove(into, from, bytes) : (abort(), NULL);
}

static void mac_bzero(void *start, size_t bytes)
{
    memset(start, 0, bytes);
}

static int mac_unavailable(void)
{
    return 5; /* KERN_FAILURE */
}

int mac_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "pthread_create");
        memcpy(&real, &found, sizeof found);
    }
    return real(thread, attributes, function, argument);
}

#ifdef __aarch64__
/* There, macOS hands over what stands for "..." on the stack. */
int mac_fcntl_on_stack(void);
__asm__(".globl mac_fcntl_on_stack\nmac_fcntl_on_stack:\n ldr x2, [sp]\n b mac_fcntl\n");
#    define FCNTL mac_fcntl_on_stack
#else
#    define FCNTL mac_fcntl
#endif

#define TO(name, ours) {"_" name, (uint64_t)(uintptr_t)(ours)}

uint64_t mac_function(const char *name)
{
    const struct name_at known[] = {
        TO("malloc", __libc_malloc),
        TO("calloc", __libc_calloc),
        TO("realloc", __libc_realloc),
        TO("free", __libc_free),
        TO("posix_memalign", mac_posix_memalign),
        TO("aligned_alloc", __libc_memalign),
        TO("valloc", mac_valloc),
        TO("mmap", mac_mmap),
        TO("munmap", mac_munmap),
        TO("mprotect", mac_mprotect),
        TO("open", mac_open),
        TO("fstat$INODE64", mac_fstat),
        TO("stat$INODE64", mac_stat),
        TO("fstat", mac_fstat),
        TO("stat", mac_stat),
        TO("fcntl", FCNTL),
        TO("getrlimit", mac_getrlimit),
        TO("sigaction", mac_sigaction),
        TO("sysconf", mac_sysconf),
        TO("clock_gettime_nsec_np", mac_clock),
        TO("mach_absolute_time", mac_absolute_time),
        TO("mach_timebase_info", mac_timebase),
        TO("mach_wait_until", mac_wait_until),
        TO("pthread_key_create", mac_key_create),
        TO("pthread_setcancelstate", mac_setcancelstate),
        TO("pthread_main_np", mac_main_thread),
        TO("pthread_create", mac_create),
        TO("pthread_atfork", pthread_atfork),
        TO("vm_read_overwrite", mac_read_memory),
        TO("mach_task_self_", &task),
        TO("dlsym", mac_dlsym),
        TO("dladdr", mac_dladdr),
        TO("_NSGetEnviron", mac_environ),
        TO("__error", mac_error),
        TO("issetugid", mac_no),
        TO("minherit", mac_no),
        TO("__memcpy_chk", mac_memcpy_chk),
        TO("__memmove_chk", mac_memmove_chk),
        TO("__bzero", mac_bzero),
        TO("bzero", mac_bzero),
        TO("task_info", mac_unavailable),
        TO("vm_region_64", mac_unavailable),
        TO("close", close),
        TO("write", write),
        TO("pwrite", pwrite),
        TO("ftruncate", ftruncate),
        TO("kill", kill),
        TO("getpid", getpid),
        TO("getppid", getppid),
        TO("pthread_self", pthread_self),
        TO("pthread_getspecific", pthread_getspecific),
        TO("pthread_setspecific", pthread_setspecific),
        TO("memcmp", memcmp),
        TO("memcpy", memcpy),
        TO("memmove", memmove),
        TO("memset", memset),
        TO("strcmp", strcmp),
        TO("strlen", strlen),
        TO("strncmp", strncmp),
        TO("strcspn", strcspn),
        TO("strpbrk", strpbrk),
        TO("strrchr", strrchr),
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return known[i].at;
        }
    }
    return 0;
}
