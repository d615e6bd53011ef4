/* The functions that ours stand in front of. */
#ifndef FIL_REAL_H
#define FIL_REAL_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interpose/c11_threads.h"
#include "platform/system.h"

struct real {
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(result(*name) parameters;)
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
};

extern struct real real;

/* Ask the dynamic linker now, if that has not happened. */
void real_resolve(void);

/* All that starts with the program is loaded: make up our mind about what of that we need to stand in front of. */
void real_settle(void);

/* Is malloc another one than the C library's (a library that was preloaded, or linked to the program)? Then what it
 * does inside is hidden. Some code of it. And how much to ask it for where `bytes` were asked for. */
bool real_malloc_is_replaced(void);
const void *real_malloc_code(void);
size_t real_enough(size_t bytes);

/* Inside an event: where one of that malloc's own functions may be called past us, the recording says so. */
void real_note_called_past(void);

/* Does every call of malloc in this process come to our hook, as far as can be told? If not, `*code` is some code of
 * the file whose malloc is called instead. Outside of events. */
bool real_sees_every_block(const void **code);

#endif
