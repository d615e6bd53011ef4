/* Some C libraries (musl) implement one function of the malloc family with another, which they call by its public name:
 * the hook's. And a malloc that is not the C library's (jemalloc, tcmalloc, mimalloc) maps its memory by hooked
 * functions. Such inner calls are a part of a request that is already seen. */
#ifndef FIL_INNER_CALLS_H
#define FIL_INNER_CALLS_H

#include "interpose/real.h"

/* `all`: hide the inner calls of all these functions, and request at least real_enough. Else find out whether some call
 * others, by calling them, and hide the inner calls of those; this changes `real` meanwhile. */
void inner_calls_hide(struct real *found, bool all);

#endif
