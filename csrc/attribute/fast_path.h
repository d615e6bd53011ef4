/* The part of attribution that is inline in Python's own allocators: there, instructions are the program's overhead. */
#ifndef FIL_FAST_PATH_H
#define FIL_FAST_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "attribute/inline.h"
#include "attribute/short_stack.h"
#include "attribute/thread_context.h"
#include "attribute/walker.h"
#include "state.h"

/* The thread state that holds the GIL. While tracking is on. */
INLINE uintptr_t attribute_running_state(void)
{
    return (uintptr_t)walker.running_state();
}

/* The calling thread's context if it needs no care, else NULL. `running` is the state that holds the GIL: it is the
 * calling thread's own if it equals the last one found for this thread. A thread that allocates without the GIL,
 * against the rules, finds NULL or another thread's there. */
INLINE struct thread_context *attribute_ready(uintptr_t running)
{
    struct thread_context *context = thread_local_state.context;
    if (context == NULL || context->generation != __atomic_load_n(&state.generation, __ATOMIC_RELAXED) ||
        context->thread_state != running) {
        return NULL;
    }
    return context;
}

#endif
