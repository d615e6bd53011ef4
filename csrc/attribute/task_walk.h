/* The walk of a thread that may run tasks, where the frames alone do not identify the task. */
#ifndef FIL_TASK_WALK_H
#define FIL_TASK_WALK_H

#include <stdint.h>

#include "attribute/thread_context.h"

/* The node of the call stack whose innermost frame is at `innermost` (not 0). */
uint32_t task_walk(struct thread_context *context, uintptr_t thread_state, uintptr_t innermost);

#endif
