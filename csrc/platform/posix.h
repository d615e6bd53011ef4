/* What posix.c needs of each system, between the files of platform/ only. None of these is a cancellation point, as open, write
 * and their kin are: malloc must be none. They set errno. */
#ifndef FIL_POSIX_H
#define FIL_POSIX_H

#include <stddef.h>
#include <stdint.h>

/* Fresh private memory, whole pages; NULL if there is none. Keeps errno. */
void *system_map_pages(size_t bytes);

/* A descriptor, or -1. */
int system_open(const char *path, int flags);
void system_close(int descriptor);

/* How many bytes were written, or -1. `offset`: where, or -1 for a descriptor that has no places. */
long system_write(int descriptor, const void *data, size_t bytes, int64_t offset);

/* Let the file have these bytes, allocated on disk. Returns 0, or the errno. */
int system_allocate(int descriptor, uint64_t offset, size_t bytes);

/* A fork's child shall not write to this mapping of a file, if it runs code that allocates before our handler. Keeps errno. */
void system_unshare_on_fork(void *mapped, size_t bytes);

/* Sleep so long, about. Below a second. */
void system_nap(uint32_t nanoseconds);

#endif
