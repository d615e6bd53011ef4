/* What posix.c needs of each system, between the files of platform/ only. None of these is a cancellation point, as
 * open, write and their kin are: malloc must be none. They set errno. */
#ifndef FIL_POSIX_H
#define FIL_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stat;

/* What a program that shuts itself in may forbid us (linux_sandbox.c). Each of these stands for all system calls that
 * it takes. */
enum system_deed {
    SYSTEM_OPENS,          /* open a file by its path */
    SYSTEM_GROWS_FILES,    /* let a file that is open grow, and map it */
    SYSTEM_WRITES_FILES,   /* write into a file that is open */
    SYSTEM_TELLS_FILES,    /* fstat */
    SYSTEM_TELLS_PATHS,    /* what a descriptor leads to; how many threads there are */
    SYSTEM_TELLS_SEGMENTS, /* the size of System V shared memory */
    SYSTEM_MAPS_MEMORY,    /* private memory */
    SYSTEM_UNMAPS_MEMORY,
    SYSTEM_ADVISES, /* what is only for the better */
    SYSTEM_DEEDS
};

/* May we? Where the answer is no, the calls are not made: the process could be killed for them. */
bool system_allows(enum system_deed deed);

/* Fresh private memory, whole pages; NULL if there is none. Keeps errno. */
void *system_map_pages(size_t bytes);

/* A descriptor, or -1. */
int system_open(const char *path, int flags);
void system_close(int descriptor);

/* The same file under another number, `least` or the first free one above it, that is closed by exec; or -1. */
int system_duplicate(int descriptor, int least);

/* What fstat tells of a descriptor. False if it is none. */
bool system_status(int descriptor, struct stat *status);

/* How many bytes were written, or -1. `offset`: where, or -1 for a descriptor that has no places. */
long system_write(int descriptor, const void *data, size_t bytes, int64_t offset);

/* Let the file have these bytes, allocated on disk. Returns 0, or the errno. */
int system_allocate(int descriptor, uint64_t offset, size_t bytes);

/* A fork's child shall not write to this mapping of a file, if it runs code that allocates before our handler. Keeps
 * errno. */
void system_unshare_on_fork(void *mapped, size_t bytes);

/* Sleep so long, about. Below a second. */
void system_nap(uint32_t nanoseconds);

#endif
