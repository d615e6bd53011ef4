/* Code that a thread runs in another interpreter (CPython 3.12 and later): it has another thread state there, whose
 * frames do not lead to those of its caller. Those wait, in the thread's first state, until that code is done. */
#ifndef FIL_OTHER_INTERPRETER_H
#define FIL_OTHER_INTERPRETER_H

#include <stdint.h>

#include "attribute/thread_context.h"

/* The calling thread, whose context this is, was found with this thread state, and had none so far: this is its own. */
void thread_state_adopt(struct thread_context *context, uintptr_t thread_state);

/* The thread was found with another state than its own. Its node, or FIL_NODE_NONE if its own one may be gone: then the
 * other one is its own from now on. */
uint32_t other_interpreter_node(struct thread_context *context, uintptr_t thread_state);

/* The block at `address`, which thread_state_adopt has marked, was freed. Inside an event. */
void thread_state_freed(uintptr_t address);

#endif
