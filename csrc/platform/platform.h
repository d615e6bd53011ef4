/* All differences between operating systems: one file per system implements this contract.
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

/* Zeroed private memory, rounded up to pages; NULL if there is none. Only touched pages are resident. */
void *platform_map_pages(size_t bytes);

/* The same, but zeros in a forked child if the system supports that (Linux 4.14): fork copies no page tables for this
 * memory, and a write afterwards copies no page. */
void *platform_map_wiped_on_fork(size_t bytes);

/* Release what either of these returned, with the same size. */
void platform_unmap_pages(void *pages, size_t bytes);

/* Make whole pages of private memory zeros again, and not resident if the system supports that. */
void platform_empty_pages(void *pages, size_t bytes);

/* Monotonic time in nanoseconds, from the cheap clock that ticks every few milliseconds. */
uint64_t platform_coarse_clock_ns(void);

/* Exact monotonic time, and wall-clock time since 1970, in nanoseconds. */
uint64_t platform_clock_ns(void);
uint64_t platform_unix_ns(void);

/* The system calls behind mmap and munmap, and on Linux mremap, without any replaced function. They set errno like the
 * C library. */
void *platform_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset);
int platform_munmap(void *address, size_t bytes);
void *platform_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, void *new_address);

/* With a protection key, or PLATFORM_NO_KEY. */
#define PLATFORM_NO_KEY (-1)
int platform_mprotect(void *address, size_t bytes, int protection, int key);

/* Bytes that a mapping of `bytes`, made with these flags, takes: whole pages, of the size in the flags. */
size_t platform_mapped_bytes(size_t bytes, int flags);

/* Is `caller` an address in the C library's own malloc, or where it creates threads? What these map is not the
 * program's, or is counted as blocks. False if they do not call replaced functions. */
bool platform_maps_for_itself(const void *caller);

/* True if a mapping made with these flags, of this descriptor, is memory with no file on a disk behind it: anonymous,
 * of /dev/zero, of a memfd, or of POSIX shared memory. */
bool platform_is_memory(int flags, int descriptor);
/* Remember what distinguishes memory from files, for a sandboxed program, where paths are no longer available. */
void platform_learn_devices(void);
/* The path of the file behind a descriptor, without a final 0: returns the number of bytes written into `path`. */
uint32_t platform_file_path(int descriptor, uint8_t *path, size_t room);
/* True if writes into a mapping made with these flags stay in the process. */
bool platform_is_private(int flags);
/* True if the mapping can be used (it is not a reservation of addresses only). */
bool platform_is_usable(int protection);
/* The system calls behind shmat and shmdt, and the size of a System V shared memory segment, 0 if unknown. */
void *platform_shmat(int identifier, const void *address, int flags);
int platform_shmdt(const void *address);
size_t platform_shared_bytes(int identifier);

/* Linux only: true if mremap has to leave the old range mapped. */
bool platform_leaves_old(int mremap_flags);
/* Linux only: true if mremap has to use a given new address. */
bool platform_has_new_address(int mremap_flags);

/* Fill in the resident sizes of this process. False, with nothing changed, if the system does not report them. */
struct fil_rss_sample;
bool platform_resident(struct fil_rss_sample *reading);
/* Free memory that the C library's malloc keeps for reuse; UINT64_MAX if it does not report it. Takes malloc's
 * locks. */
uint64_t platform_allocator_free(void);

/* Copy `bytes` from `address`, which may be any number. Returns false instead of faulting. */
bool platform_safe_read(void *into, uintptr_t address, size_t bytes);

/* A file that grows as long as the process lives. The caller only stores this. */
struct platform_file {
    const char *path; /* owned by the caller */
    int descriptor;   /* -1: none is kept */
    uint64_t device;  /* identity of the file: a program may close the descriptor, and open another file under its
                       * number */
    uint64_t inode;
    uint64_t bytes; /* its length, unless another process has truncated it */
};

/* Open the file at `path`, which exists. False on failure, with the reason in `*error`. */
bool platform_open_file(struct platform_file *file, const char *path, int *error);

/* Grow the file by `bytes` from `offset` on, allocated on disk, and map them. Returns NULL on failure, with the reason
 * in `*error`. If the program has closed the descriptor, the path is used. */
void *platform_map_file(struct platform_file *file, uint64_t offset, size_t bytes, int *error);

/* Unmap what platform_map_file returned, with the same size. */
void platform_unmap_file(void *mapped, size_t bytes);

/* Write into the file, without allocating. False if not all could be written. */
bool platform_write_file(const struct platform_file *file, uint64_t offset, const void *data, size_t bytes);

void platform_close_file(struct platform_file *file);

/* Replace [start, start + bytes), whole pages of a file's mapping, by private zeros, so that pending reads and writes
 * there succeed. For use in a signal handler. */
bool platform_replace_mapping(void *start, size_t bytes);

/* Of a program that is about to be executed: does its dynamic linker load our library? One of another word size,
 * machine or C library does not: it would complain, or end. */
enum platform_program {
    PROGRAM_LOADS_US,
    PROGRAM_CANNOT_LOAD_US,
    PROGRAM_UNKNOWN, /* it cannot be read, or loads nothing at all */
};

/* Called once, before the next two, which take no memory: the child of a vfork may call them. */
void platform_learn_linker(void);
enum platform_program platform_program_at(const char *path);
/* As exec finds the program `name` in `list`, the value of PATH (NULL: there is none). False: nowhere, or `room` is too
 * small. */
bool platform_search_program(const char *name, const char *list, char *path, size_t room);
/* Does this process run a program whose file's name begins with `name`? */
bool platform_runs(const char *name);
/* Make the file for a recording in `folder`, of `bytes` zeros that are allocated on disk, and write its path. False if
 * that cannot be. */
bool platform_make_recording(const char *folder, size_t bytes, char *path, size_t room);

/* End this process by a signal, by its default action, if that ends it. */
void platform_end_by(int signal);

/* Map a file that several processes share; make it first, of zeros that are allocated on disk, if `make`. NULL if that
 * cannot be: it is too short, or is there already. */
void *platform_map_shared(const char *path, size_t bytes, bool make);

/* The first bytes of a file, at most `room`: returns how many. */
size_t platform_read_beginning(const char *path, char *text, size_t room);
/* The whole of a text file that is shorter than `room`, with a 0 at its end. False if it is not, or cannot be read. */
bool platform_read_text(const char *path, char *text, size_t room);

/* A file: its size and when it was last modified, in seconds since 1970, the lowest 32 bits of both. False if not
 * known.
 */
struct platform_file_facts {
    uint32_t modified, bytes;
    uint64_t modified_ns, device, number;
};
bool platform_file_facts(const char *path, struct platform_file_facts *facts);
/* The same of the file which contains the code at this address. */
bool platform_facts_of_code(const void *code, struct platform_file_facts *facts);
/* Write a new file that only this user can read, if possible. */
void platform_write_new(const char *path, const void *content, size_t bytes);

/* This process's command line, each word with a 0 behind it: returns how many bytes, at most `room`; 0: not known. */
size_t platform_command_line(char *words, size_t room);

size_t platform_page_bytes(void);

static inline size_t platform_whole_pages(size_t bytes)
{
    size_t page = platform_page_bytes();
    return (bytes + page - 1) / page * page;
}

/* Make these bytes 0 in a forked child, if the system supports that and they are whole pages. */
void platform_wipe_on_fork(void *start, size_t bytes);

/* Call `function` at the end of every thread that calls platform_expect_end, however it ends. */
void platform_at_thread_end(void (*function)(void));
void platform_expect_end(void);

/* `ask` returns the calling thread's state in the interpreter. If it may call malloc, and so itself through the hooks,
 * this returns a function to call instead, which returns NULL when re-entered. There is one `ask`. */
typedef void *platform_thread_state(void);
platform_thread_state *platform_guarded(platform_thread_state *ask);

/* Is the calling thread the process's first? */
bool platform_is_first_thread(void);

/* Is the calling thread the only one? Waits a few milliseconds for a thread that is about to end. False if the system
 * does not report it. */
bool platform_is_single_threaded(void);
/* The number of threads of the process; 0 if the system does not report it. */
uint32_t platform_thread_count(void);

/* Give the calling thread its own, empty table of descriptors, if the system supports that. */
void platform_own_descriptors(void);

/* A lock for a few dozen instructions at a time; zero-initialized, no destruction. A waiting thread spins, then sleeps
 * for a moment: releasing is a plain store, half the price of a lock that has to check for sleepers. It knows its
 * holder: code that runs inside the holder's section (another library's fork handler, a signal handler) continues
 * instead of waiting for itself. */
struct platform_lock {
    uintptr_t holder; /* 0: free; else an address of the holding thread's own */
};
__attribute__((cold, noinline)) bool platform_lock_slow(struct platform_lock *lock, uintptr_t self);

/* Returns true if the lock was taken and has to be released, false if the calling thread holds it already. */
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

/* A condition for waits that changes of the wall clock do not prolong. For use outside of malloc. */
void platform_condition_begin(pthread_cond_t *condition);

/* Wait for it, at most this many nanoseconds. False on a timeout. `lock` is held. */
bool platform_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t nanoseconds);

/* Does this process have more rights than its parent (set-uid, set-gid, file capabilities)? */
bool platform_is_privileged(void);

/* Best-effort write to stderr. */
void platform_say(const char *message);

/* The IDs of this process and of its parent. */
uint32_t platform_pid(void);
uint32_t platform_parent_pid(void);

/* Pass signal number `signal` on to the process `parent`, if this process is still `pid` and its child. In any other
 * process (a forked child) take the signal's default action. For use in a signal handler. */
void platform_signal_parent(int signal, uint32_t pid, uint32_t parent);

/* Handle `signal` with `handler`, if it has no handler yet. */
void platform_handle_signal(int signal, void (*handler)(int));

/* The library has just been loaded; `own_symbol` is any address inside it. Returns the path of its file, NULL if that
 * is not known. */
const char *platform_loaded(const void *own_symbol);

/* Take the library at this path out of the list of preloaded libraries in the environment, so that other programs start
 * without it, and remember what platform_is_inserted wants to know. */
void platform_leave_preload_list(const char *library);

char **platform_environment(void);

/* macOS only: has the system put this library before the others? */
bool platform_is_inserted(void);

/* A piece of a loaded file: its addresses, and the file's path from the kernel (no final 0). */
struct platform_module {
    uintptr_t start;
    uintptr_t end;
    uint32_t path_bytes;
    char path[4096];
    char scratch[8192]; /* during the search: room for two of the longest lines of the kernel's list */
};

/* Find the file that `address` was loaded from. False if there is none, or the system does not report it. Slow. */
bool platform_module_at(uintptr_t address, struct platform_module *module);

#define PLATFORM_ARGUMENTS 6

/* Linux only. A system call without hooks, with PLATFORM_ARGUMENTS arguments. It sets errno. */
long platform_call(long number, const unsigned long *arguments);
/* Linux only. Does this call sandbox the program, or announce that? */
bool platform_shuts_in(long number, const unsigned long *arguments);
/* Linux only. Make this call. The library no longer makes calls that a filter which it installs does not allow. */
long platform_shut_in(long number, const unsigned long *arguments);

/* The next definition of a C library function after this library's own; NULL if there is none. Linux only. */
void *platform_next_symbol(const char *name);
/* A function of this process by name; NULL if there is none. */
void *platform_symbol(const char *name);

/* Linux only: are both addresses of functions in one file? Not if one is NULL. */
bool platform_same_file(const void *one, const void *other);
/* Linux only: where the file that has `code` is in memory; empty if there is none. To compare many addresses with:
 * looking up the file of each takes 5 µs. */
struct platform_extent {
    uintptr_t start, end;
};
struct platform_extent platform_file_extent(const void *code);
static inline bool platform_in_extent(const void *code, const struct platform_extent *file)
{
    return (uintptr_t)code - file->start < file->end - file->start;
}
/* The size of what has this name at this address; 0: not known. */
size_t platform_symbol_bytes(const char *name, const void *address);

/* Linux only: no library that is loaded from now on finds these functions of the library. False if that fails. */
bool platform_withdraw(const char *const *names, size_t count);

/* Linux only: the code of a function that this library exports; 0 if there is none. */
uintptr_t platform_own_function(const char *name);

/* A function `name` of another file: later lookups of it find the code at `to` instead. */
struct platform_redirection {
    const char *name;
    uintptr_t to;
    void *next;  /* where to store the code that is found so far: a function pointer of the caller; or NULL */
    bool exists; /* the file has such a function */
};
/* Linux only: redirect those that exist in the file that has `code`. Returns the name of one whose lookup could not be
 * changed; NULL if there is none. */
const char *platform_redirect(const void *code, const struct platform_redirection *list, size_t count);
/* Linux only: the name of one that other code than that file's was bound to when it was loaded; NULL if there is none.
 */
const char *platform_bound(const void *code, const struct platform_redirection *list, size_t count);

#endif
