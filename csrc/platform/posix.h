/* What posix.c needs of each system, between the files of platform/ only. None of these is a cancellation point, as
 * open, write and their relatives are: malloc must not be one. They set errno. */
#ifndef FIL_POSIX_H
#define FIL_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stat;

/* What a sandboxed program may forbid the library (linux_sandbox.c). Each of these stands for all system calls that it
 * needs. */
enum system_deed {
    SYSTEM_OPENS,          /* open a file by its path */
    SYSTEM_GROWS_FILES,    /* grow an open file, and map it */
    SYSTEM_WRITES_FILES,   /* write into an open file */
    SYSTEM_TELLS_FILES,    /* fstat */
    SYSTEM_TELLS_PATHS,    /* a descriptor's path; the number of threads */
    SYSTEM_TELLS_SEGMENTS, /* the size of System V shared memory */
    SYSTEM_MAPS_MEMORY,    /* private memory */
    SYSTEM_UNMAPS_MEMORY,
    SYSTEM_ADVISES, /* optional hints */
    SYSTEM_DEEDS
};

/* Is this allowed? If not, the call must not be made: the process could be killed for it. */
bool system_allows(enum system_deed deed);

/* Fresh private memory, whole pages; NULL if there is none. Keeps errno. */
void *system_map_pages(size_t bytes);

/* A descriptor, or -1. */
int system_open(const char *path, int flags);
void system_close(int descriptor);

/* The same file under another number, `least` or the first free one above it, that exec closes; or -1. */
int system_duplicate(int descriptor, int least);

/* The result of fstat for a descriptor. False if it is none. */
bool system_status(int descriptor, struct stat *status);

/* Returns the number of bytes written, or -1. `offset`: where, or -1 for a descriptor without offsets. */
long system_write(int descriptor, const void *data, size_t bytes, int64_t offset);

/* Give the file these bytes, allocated on disk. Returns 0, or the errno. */
int system_allocate(int descriptor, uint64_t offset, size_t bytes);

/* A forked child must not write to this mapping of a file, if it runs code that allocates before the library's handler.
 * Keeps errno. */
void system_unshare_on_fork(void *mapped, size_t bytes);
/* Read no more of a mapped file than what is accessed. */
void system_read_no_further(void *mapped, size_t bytes);

/* Sleep for about this long. Below a second. */
void system_nap(uint32_t nanoseconds);

#endif
