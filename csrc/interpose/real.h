/* The functions that ours stand in front of. */
#ifndef FIL_REAL_H
#define FIL_REAL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "interpose/c11_threads.h"
#include "platform/system.h"

struct real {
#define INTERPOSED(result, name, parameters, arguments, platforms) ON_##platforms(result(*name) parameters;)
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
};

extern struct real real;

/* Ask the dynamic linker now, if that has not happened. */
void real_resolve(void);

#endif
