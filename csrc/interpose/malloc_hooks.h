/* For the hooks of functions that only some systems have. */
#ifndef FIL_MALLOC_HOOKS_H
#define FIL_MALLOC_HOOKS_H

#include <stddef.h>

/* `block` was asked for with this size, and is what the real function answered: record it, or, if it is NULL and errno
 * is ENOMEM, that the request failed. Returns it. */
void *malloc_hooks_added(void *block, size_t bytes);

#endif
