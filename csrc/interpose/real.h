/* The functions that ours stand in front of.
 *
 * Before the dynamic linker has told them, each pointer leads to a stand-in that asks it; so a call needs no test. While
 * it is being asked (it may allocate), memory comes from a small static arena.
 */
#ifndef FIL_REAL_H
#define FIL_REAL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <threads.h>

struct real {
#define INTERPOSED(result, name, parameters, arguments, platforms) result(*name) parameters;
#include "interpose/interposed.def"
#undef INTERPOSED
};

extern struct real real;

/* Ask the dynamic linker now, if that has not happened. */
void real_resolve(void);

#endif
