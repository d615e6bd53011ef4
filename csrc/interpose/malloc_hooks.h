/* For the hooks of functions that only some systems have. */
#ifndef FIL_MALLOC_HOOKS_H
#define FIL_MALLOC_HOOKS_H

#include <stddef.h>

/* `block` is what the real function returned for a request of this size: record it, or, if it is NULL and errno is
 * ENOMEM, the failed request. Returns it. */
void *malloc_hooks_added(void *block, size_t bytes);

#endif
