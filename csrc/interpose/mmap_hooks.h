/* For the hooks of functions that only some systems have: mmap and mprotect, called from `caller`. */
#ifndef FIL_MMAP_HOOKS_H
#define FIL_MMAP_HOOKS_H

#include <stddef.h>
#include <stdint.h>

void *mmap_hooks_map(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset,
                     const void *caller);

/* `key`: a protection key, or PLATFORM_NO_KEY. */
int mmap_hooks_protect(void *address, size_t bytes, int protection, int key, const void *caller);

#endif
