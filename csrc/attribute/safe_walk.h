/* Looking at a stack through reads that cannot fault, with a layout that nobody has verified yet. */
#ifndef FIL_SAFE_WALK_H
#define FIL_SAFE_WALK_H

#include <stdint.h>

/* Frames of one chunk are read in any order, so what is said of chunks has to be right before the first walk. If it is
 * not, the walk does without. Called from a Python function, whose frame lies in the newest chunk. */
void safe_walk_check_chunk(uintptr_t thread_state);

#endif
