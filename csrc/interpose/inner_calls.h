/* Some C libraries (musl) make one function of the malloc family of another, and call that by its public name, which is
 * ours. And a malloc that is not the C library's (jemalloc, tcmalloc, mimalloc) maps its memory by functions that are
 * ours. What comes to us from inside is a part of a request that we see already.
 */
#ifndef FIL_INNER_CALLS_H
#define FIL_INNER_CALLS_H

#include "interpose/real.h"

/* `all`: let what is inside of any of these functions be hidden, and at least real_enough be asked for. Else find out
 * whether some call others, by calling them, and hide what is inside of those; meanwhile `real` is changed. */
void inner_calls_hide(struct real *found, bool all);

#endif
