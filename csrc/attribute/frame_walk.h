/* The walk from a thread's innermost frame to the root. */
#ifndef FIL_FRAME_WALK_H
#define FIL_FRAME_WALK_H

#include <stdint.h>

#include "attribute/thread_context.h"

/* The node of the call stack whose innermost frame is at `innermost` (not 0), for the calling thread. */
uint32_t frame_walk(struct thread_context *context, uintptr_t thread_state, uintptr_t innermost);

#endif
