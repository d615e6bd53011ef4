/* The parts common to all systems with POSIX, in terms of system.h and posix.h. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/platform.h"
#include "platform/posix.h"

/* Memory comes from slabs so that the tables do not use up the process's number of mappings. */
#define SLAB_BYTES ((size_t)4 << 20)
#define SLAB_SHARE (SLAB_BYTES / 4) /* larger requests get their own mapping */

/* How to wait for the lock. */
#define SPINS 500u
#define SHORTEST_NAP_NS 1000
#define LONGEST_NAP_NS 200000
#define MOST_NAMES 10000u /* of recordings that one process number can have had */

struct slab {
    char *next;
    size_t room;
};

size_t platform_page_bytes(void)
{
    static size_t bytes;
    if (bytes == 0) {
        bytes = (size_t)sysconf(_SC_PAGESIZE);
    }
    return bytes;
}

static void *map_wiped(size_t bytes)
{
    void *pages = system_map_pages(bytes);
    if (pages != NULL) {
        platform_wipe_on_fork(pages, bytes);
    }
    return pages;
}

/* Callers hold the lock, or are alone. */
static void *take(struct slab *slab, size_t bytes, void *(*map)(size_t bytes))
{
    bytes = platform_whole_pages(bytes);
    if (bytes > SLAB_SHARE) {
        return map(bytes);
    }
    if (slab->room < bytes) {
        char *fresh = map(SLAB_BYTES);
        if (fresh == NULL) {
            return map(bytes); /* a limit on addresses may still allow the small one */
        }
        slab->next = fresh;
        slab->room = SLAB_BYTES;
    }
    void *pages = slab->next;
    slab->next += bytes;
    slab->room -= bytes;
    return pages;
}

void *platform_map_pages(size_t bytes)
{
    static struct slab normal;
    return take(&normal, bytes, system_map_pages);
}

void *platform_map_wiped_on_fork(size_t bytes)
{
    static struct slab wiped;
    return take(&wiped, bytes, map_wiped);
}

void platform_unmap_pages(void *pages, size_t bytes)
{
    int kept = errno;
    if (system_allows(SYSTEM_UNMAPS_MEMORY)) {
        (void)platform_munmap(pages, platform_whole_pages(bytes));
    }
    errno = kept;
}

void platform_say(const char *message)
{
    int kept = errno;
    (void)system_write(STDERR_FILENO, message, strlen(message), -1);
    errno = kept;
}

size_t platform_read_beginning(const char *path, char *text, size_t room)
{
    int kept = errno;
    int descriptor = system_open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 0;
    long got = descriptor < 0 ? 0 : 1;
    while (got > 0 && size < room) {
        got = read(descriptor, text + size, room - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (descriptor >= 0) {
        system_close(descriptor);
    }
    errno = kept;
    return got < 0 ? 0 : size;
}

bool platform_read_text(const char *path, char *text, size_t room)
{
    size_t size = platform_read_beginning(path, text, room);
    if (size == 0 || size == room) {
        return false;
    }
    text[size] = '\0';
    return true;
}

static uint32_t nanoseconds_of(const struct stat *file)
{
#ifdef __APPLE__
    return (uint32_t)file->st_mtimespec.tv_nsec;
#else
    return (uint32_t)file->st_mtim.tv_nsec;
#endif
}

bool platform_file_facts(const char *path, struct platform_file_facts *facts)
{
    int kept = errno;
    struct stat found;
    bool known = stat(path, &found) == 0;
    if (known) {
        uint64_t seconds = (uint64_t)found.st_mtime;
        *facts = (struct platform_file_facts){.modified = (uint32_t)seconds,
                                              .bytes = (uint32_t)found.st_size,
                                              .modified_ns = seconds * 1000000000u + nanoseconds_of(&found),
                                              .device = (uint64_t)found.st_dev,
                                              .number = (uint64_t)found.st_ino};
    }
    errno = kept;
    return known;
}

bool platform_facts_of_code(const void *code, struct platform_file_facts *facts)
{
    Dl_info found;
    if (dladdr(code, &found) == 0 || found.dli_fname == NULL) {
        return false;
    }
    /* The executable's own name is what it was called by. */
    return platform_file_facts(found.dli_fname[0] == '/' ? found.dli_fname : "/proc/self/exe", facts);
}

void platform_write_new(const char *path, const void *content, size_t bytes)
{
    if (!system_allows(SYSTEM_OPENS) || !system_allows(SYSTEM_GROWS_FILES)) {
        return;
    }
    int kept = errno;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (descriptor >= 0) {
        (void)system_write(descriptor, content, bytes, -1);
        system_close(descriptor);
    }
    errno = kept;
}

/* The number of this process, and how many it has made: process numbers are used again. */
static bool write_recording_path(const char *folder, uint32_t number, char *path, size_t room)
{
    int length = snprintf(path, room, "%s/%u-%u.fil", folder, platform_pid(), number);
    return length > 0 && (size_t)length < room;
}

bool platform_make_recording(const char *folder, size_t bytes, char *path, size_t room)
{
    if (!system_allows(SYSTEM_OPENS) || !system_allows(SYSTEM_GROWS_FILES)) {
        return false;
    }
    int kept = errno;
    int descriptor = -1;
    for (uint32_t number = 0; number < MOST_NAMES && descriptor < 0; number++) {
        if (!write_recording_path(folder, number, path, room)) {
            break;
        }
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        if (descriptor < 0 && errno != EEXIST) {
            break;
        }
    }
    bool made = descriptor >= 0 && system_allocate(descriptor, 0, bytes) == 0;
    if (descriptor >= 0) {
        system_close(descriptor);
        if (!made) {
            (void)unlink(path);
        }
    }
    errno = kept;
    return made;
}

void platform_end_by(int signal)
{
    struct sigaction usual;
    sigset_t only;
    memset(&usual, 0, sizeof usual);
    usual.sa_handler = SIG_DFL;
    (void)sigaction(signal, &usual, NULL);
    (void)sigemptyset(&only);
    (void)sigaddset(&only, signal);
    (void)sigprocmask(SIG_UNBLOCK, &only, NULL);
    (void)kill(getpid(), signal);
}

bool platform_lock_slow(struct platform_lock *lock, uintptr_t self)
{
    int kept = errno;
    if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == self) {
        return false;
    }
    uint32_t nap = 0;
    for (uint32_t tries = 0;; tries++) {
        uintptr_t nobody = 0;
        if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&lock->holder, &nobody, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            break;
        }
        if (tries >= SPINS) { /* its holder is not running */
            nap = nap < LONGEST_NAP_NS ? nap + SHORTEST_NAP_NS : LONGEST_NAP_NS;
            system_nap(nap);
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
        if (platform_parent_pid() == parent) { /* if the parent is gone, the new one knows nothing of this process */
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

void *platform_symbol(const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    __asm__ volatile("" : "+r"(found));
    return found;
}
