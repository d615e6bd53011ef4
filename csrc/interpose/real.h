/* The functions that the hooks replace. */
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

/* Look them up now, if that has not happened. */
void real_resolve(void);

/* Everything that starts with the program is loaded: decide which of it needs hooks. */
void real_settle(bool records);

/* Is malloc not the C library's (but of a library that was preloaded, or linked to the program)? Then its inner calls
 * are hidden. Some code of it. And the size to request from it instead of `bytes`. */
bool real_malloc_is_replaced(void);
const void *real_malloc_code(void);
size_t real_enough(size_t bytes);

/* Inside an event: if one of that malloc's own functions may be called without the library seeing it, record that. */
void real_note_called_past(void);

/* Does every call of malloc in this process reach the hook, as far as can be known? If not, `*code` is some code of the
 * file whose malloc is called instead. Outside of events. */
bool real_sees_every_block(const void **code);

#endif
