/* Some C libraries (musl) make one function of the malloc family of another, and call that by its public name, which is
 * ours. What comes to us from inside is a part of a request that we see already.
 */
#ifndef FIL_INNER_CALLS_H
#define FIL_INNER_CALLS_H

#include "interpose/real.h"

/* Find out whether these functions do that, by calling them; if so, let what is inside of them be hidden. Meanwhile `real`
 * is changed. */
void inner_calls_hide(struct real *found);

#endif
