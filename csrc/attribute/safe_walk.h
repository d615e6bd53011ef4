/* A stack walk with reads that cannot fault, for a layout that is not verified yet. */
#ifndef FIL_SAFE_WALK_H
#define FIL_SAFE_WALK_H

#include <stdint.h>

/* Frames of one chunk are read in any order, so the layout of chunks must be right before the first walk. If it is not,
 * the walk does not use chunks. Called from a Python function, whose frame is in the newest chunk. */
void safe_walk_check_chunk(uintptr_t thread_state);

#endif
