/* The object that identifies the work of a frame: where it is, and which call stack requested it. */
#ifndef FIL_TASK_OBJECTS_H
#define FIL_TASK_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/task_functions.h"
#include "attribute/thread_context.h"

/* The object that identifies the work, 0 if there is none. `variable`: the frame's variable that is this object, or
 * leads to it. Inside an event. */
uintptr_t task_object(uintptr_t frame, enum task_kind holds, uint32_t variable);

/* The call stack that requested the block of the object; FIL_NODE_NONE if none is recorded. Something holds the object,
 * so the block is not freed meanwhile. Inside an event. */
uint32_t task_submitter(uintptr_t object, enum task_kind holds);

/* Is the frame `at` of `context` a coroutine's, and its caller no other coroutine that awaits it? */
bool task_coroutine_begins(const struct thread_context *context, uint32_t at);

/* A variable of a frame. */
uintptr_t frame_variable(uintptr_t frame, uint32_t variable);

#endif
