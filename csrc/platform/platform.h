/* All that differs between operating systems: one file per system fills this contract.
 *
 * Everything here may be called inside malloc: nothing allocates, nothing calls a replaced function. Functions that
 * make system calls keep errno unless they say otherwise.
 */
#ifndef FIL_PLATFORM_H
#define FIL_PLATFORM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/system.h"

/* Zeroed private memory, rounded up to pages; NULL if there is none. Touched pages only are resident. */
void *platform_map_pages(size_t bytes);

/* Give back what platform_map_pages gave, with the same size. */
void platform_unmap_pages(void *pages, size_t bytes);

/* Let whole pages of private memory hold zeros again, and not be resident where the system can do that. */
void platform_empty_pages(void *pages, size_t bytes);

/* Monotonic time in nanoseconds, from the cheap clock that ticks every few milliseconds. */
uint64_t platform_coarse_clock_ns(void);

/* Exact monotonic time, and wall-clock time since 1970, in nanoseconds. */
uint64_t platform_clock_ns(void);
uint64_t platform_unix_ns(void);

/* The system calls behind mmap and munmap, and on Linux mremap, past every replaced function. They set errno as the C
 * library does. */
void *platform_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset);
int platform_munmap(void *address, size_t bytes);
void *platform_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, void *new_address);

/* With a protection key, or PLATFORM_NO_KEY. */
#define PLATFORM_NO_KEY (-1)
int platform_mprotect(void *address, size_t bytes, int protection, int key);

/* Bytes that a mapping of `bytes`, made with these flags, takes: whole pages, of the size that the flags ask for. */
size_t platform_mapped_bytes(size_t bytes, int flags);

/* Is `caller` an address in the C library's own malloc, or where it makes threads? What these map is not the program's,
 * or is counted as blocks. False where they do not call what we replace. */
bool platform_maps_for_itself(const void *caller);

/* True if a mapping made with these flags, of this descriptor, is memory with no file on a disk behind it: anonymous,
 * of /dev/zero, of a memfd, or of POSIX shared memory. */
bool platform_is_memory(int flags, int descriptor);
/* Remember what tells memory from files where a program has shut itself in, and no paths are told any more. */
void platform_learn_devices(void);
/* The path of the file behind a descriptor, without a 0 at its end: how many bytes of it were written into `path`. */
uint32_t platform_file_path(int descriptor, uint8_t *path, size_t room);
/* True if what is written into a mapping made with these flags stays in the process. */
bool platform_is_private(int flags);
/* True if the mapping can be used (it is not a reservation of addresses only). */
bool platform_is_usable(int protection);
/* The system calls behind shmat and shmdt, and the size of a System V shared memory segment, 0 if that is not known. */
void *platform_shmat(int identifier, const void *address, int flags);
int platform_shmdt(const void *address);
size_t platform_shared_bytes(int identifier);

/* Linux only: true if mremap was asked to leave the old range mapped. */
bool platform_leaves_old(int mremap_flags);
/* Linux only: true if mremap was given a new address to use. */
bool platform_has_new_address(int mremap_flags);

/* Fill in the resident sizes of this process. False, with nothing changed, where the system does not tell. */
struct fil_rss_sample;
bool platform_resident(struct fil_rss_sample *reading);
/* Free memory that the C library's malloc keeps for later; UINT64_MAX if it does not tell. Takes malloc's locks. */
uint64_t platform_allocator_free(void);

/* Copy `bytes` from `address`, which may be any number. Returns false instead of faulting. */
bool platform_safe_read(void *into, uintptr_t address, size_t bytes);

/* A file of ours that grows as long as the process lives. The caller only keeps it. */
struct platform_file {
    const char *path; /* the caller's */
    int descriptor;   /* -1: none is kept */
    uint64_t device;  /* which file it is: a program may close the descriptor, and open another file under its number */
    uint64_t inode;
    uint64_t bytes; /* it is this long, unless somebody has cut it short */
};

/* Open the file at `path`, which exists. False on failure, with the reason in `*error`. */
bool platform_open_file(struct platform_file *file, const char *path, int *error);

/* Let the file have `bytes` more from `offset` on, allocated on disk, and map those. Returns NULL on failure, with the
 * reason in `*error`. Where the program has closed the descriptor, the path is used. */
void *platform_map_file(struct platform_file *file, uint64_t offset, size_t bytes, int *error);

/* Take back what platform_map_file gave, with the same size. */
void platform_unmap_file(void *mapped, size_t bytes);

/* Write into the file, without taking memory. False if not all could be written. */
bool platform_write_file(const struct platform_file *file, uint64_t offset, const void *data, size_t bytes);

/* How long the file is now, as far as the descriptor that is kept tells; UINT64_MAX if not. For use in a signal
 * handler. */
uint64_t platform_file_length(const struct platform_file *file);

void platform_close_file(struct platform_file *file);

/* Put zeros of the process's own in place of [start, start + bytes), whole pages of a file's mapping, so that whoever
 * is about to read or write there can. For use in a signal handler. */
bool platform_replace_mapping(void *start, size_t bytes);

/* The whole of a text file that is shorter than `room`, with a 0 at its end. False if it is not, or cannot be read. */
bool platform_read_text(const char *path, char *text, size_t room);

size_t platform_page_bytes(void);

static inline size_t platform_whole_pages(size_t bytes)
{
    size_t page = platform_page_bytes();
    return (bytes + page - 1) / page * page;
}

/* Let these bytes be 0 in the child of a fork, where the system can and they are whole pages. */
void platform_wipe_on_fork(void *start, size_t bytes);

/* Call `function` at the end of every thread that calls platform_expect_end, however it ends. */
void platform_at_thread_end(void (*function)(void));
void platform_expect_end(void);

/* `ask` tells the calling thread's state in the interpreter. Where it may take memory by malloc, and so lead to itself
 * through our hooks, the function that is answered here, to be called instead, tells NULL at the second time. There is
 * one `ask`. */
typedef void *platform_thread_state(void);
platform_thread_state *platform_guarded(platform_thread_state *ask);

/* Is the calling thread the one that the process began with? */
bool platform_is_first_thread(void);

/* Is the calling thread the only one? A thread that is about to end gets a few milliseconds for it. False where the
 * system does not tell. */
bool platform_is_single_threaded(void);
/* How many threads the process has; 0 where the system does not tell. */
uint32_t platform_thread_count(void);

/* Let the calling thread have a table of descriptors of its own, an empty one, where the system can do that. */
void platform_own_descriptors(void);

/* A lock for a few dozen instructions at a time; zero-initialised, no destruction. Who finds it taken spins, then naps:
 * giving it back is a plain store, half the price of a lock that has to look for sleepers. It knows its holder: code
 * that runs inside the holder's section (another library's fork handler, a signal handler) goes on instead of waiting
 * for itself. */
struct platform_lock {
    uintptr_t holder; /* 0: free; else an address of the holding thread's own */
};
__attribute__((cold, noinline)) bool platform_lock_slow(struct platform_lock *lock, uintptr_t self);

/* Returns true if the lock was taken and has to be given back, false if the calling thread holds it already. */
static inline bool platform_lock_take(struct platform_lock *lock, uintptr_t self)
{
    uintptr_t nobody = 0;
    return __builtin_expect(
               __atomic_compare_exchange_n(&lock->holder, &nobody, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
               1) ||
           platform_lock_slow(lock, self);
}

static inline void platform_lock_give(struct platform_lock *lock)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

#define PLATFORM_SECOND_NS 1000000000u

/* A condition for waits that no change of the wall clock makes longer. For use outside of malloc. */
void platform_condition_begin(pthread_cond_t *condition);

/* Wait for it, so many nanoseconds at most. False if they have passed. `lock` is held. */
bool platform_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t nanoseconds);

/* Does this process run with more rights than who started it (set-uid, set-gid, file capabilities)? */
bool platform_is_privileged(void);

/* Write a message to standard error, as well as that goes. */
void platform_say(const char *message);

/* The numbers of this process and of its parent. */
uint32_t platform_pid(void);
uint32_t platform_parent_pid(void);

/* Pass signal number `signal` on to the process `parent`, if this process is still `pid` and its child. In any other
 * process (the child of a fork) let it do what it does by default. For use in a signal handler. */
void platform_signal_parent(int signal, uint32_t pid, uint32_t parent);

/* Handle `signal` with `handler`, if it has no handler yet. */
void platform_handle_signal(int signal, void (*handler)(int));

/* The library has just been loaded: take its own file out of the list of preloaded libraries in the environment, so
 * that other programs start without it, and remember what platform_is_inserted wants to know. `own_symbol` is any
 * address inside the library. */
void platform_loaded(const void *own_symbol);

/* macOS only: has the system put this library before the others? */
bool platform_is_inserted(void);

/* A piece of a loaded file: its addresses, and the file's path as the kernel tells it (no 0 at its end). */
struct platform_module {
    uintptr_t start;
    uintptr_t end;
    uint32_t path_bytes;
    char path[4096];
    char scratch[8192]; /* while it is looked for: room for two of the longest lines of the kernel's list */
};

/* Find the file that `address` was loaded from. False if there is none, or the system does not tell. Slow. */
bool platform_module_at(uintptr_t address, struct platform_module *module);

#define PLATFORM_ARGUMENTS 6

/* Linux only. A system call that no hook is asked about, with PLATFORM_ARGUMENTS arguments. It sets errno. */
long platform_call(long number, const unsigned long *arguments);
/* Linux only. Does this one shut the program in, or is it a sign that it will be? */
bool platform_shuts_in(long number, const unsigned long *arguments);
/* Linux only. Make it. What a filter that it installs does not allow, this library no longer does. */
long platform_shut_in(long number, const unsigned long *arguments);

/* The next definition of a C library function after this library's own; NULL if there is none. Linux only. */
void *platform_next_symbol(const char *name);
/* A function of this process by name; NULL if there is none. */
void *platform_symbol(const char *name);

/* Linux only: are both addresses of functions in one file? Not if one is NULL. */
bool platform_same_file(const void *one, const void *other);
/* Linux only: no library that is loaded from now on finds these functions of ours. False if that cannot be done. */
bool platform_withdraw(const char *const *names, size_t count);

/* A function `name` of another file, in whose place whoever looks for it from now on finds the code at `to`. */
struct platform_redirection {
    const char *name;
    uintptr_t to;
    void *next;  /* the caller's */
    bool exists; /* the file has such a function */
};
/* Linux only: do so for those that exist in the file that has `code`. Returns the name of one that others may call
 * directly all the same, because they were bound to it before or the file cannot be changed; NULL if there is none. */
const char *platform_redirect(const void *code, const struct platform_redirection *list, size_t count);

#endif
