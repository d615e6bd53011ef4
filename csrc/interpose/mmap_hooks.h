/* For the hooks of functions that only some systems have: mmap and mprotect, called from `caller`. */
#ifndef FIL_MMAP_HOOKS_H
#define FIL_MMAP_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *mmap_hooks_map(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset,
                     const void *caller);

/* Does mmap, as libraries that are loaded find it, lead to the hook? A mapping of 0 bytes, which fails, sets
 * mmap_hooks_reached. */
bool mmap_hooks_are_called(void);
extern _Thread_local bool mmap_hooks_reached;

/* `key`: a protection key, or PLATFORM_NO_KEY. */
int mmap_hooks_protect(void *address, size_t bytes, int protection, int key, const void *caller);

#endif
