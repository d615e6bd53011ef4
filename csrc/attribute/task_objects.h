/* The object that tells which work a frame runs: where it is, and which callstack asked for it. */
#ifndef FIL_TASK_OBJECTS_H
#define FIL_TASK_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/task_functions.h"
#include "attribute/thread_context.h"

/* The object that tells the work, 0 if there is none. `variable`: where in the frame's variables it is, or what leads
 * to it. Inside an event. */
uintptr_t task_object(uintptr_t frame, enum task_kind holds, uint32_t variable);

/* The callstack that asked for the block in which the object lies; FIL_NODE_NONE if none is recorded. Something holds
 * the object, so the block is not given back meanwhile. Inside an event. */
uint32_t task_submitter(uintptr_t object, enum task_kind holds);

/* Is the frame `at` of `context` a coroutine's, and what runs it no other coroutine that waits for it? */
bool task_coroutine_begins(const struct thread_context *context, uint32_t at);

/* A variable of a frame. */
uintptr_t frame_variable(uintptr_t frame, uint32_t variable);

#endif
