/* Marks: nodes that are no frame, above frames that run because of others; and the flags on blocks. */
#ifndef FIL_MARKS_H
#define FIL_MARKS_H

#include <stdint.h>

#include "fil_format.h"

/* The mark below `node` for frames that run elsewhere because of it; `node` itself if there is no room. Inside an
 * event. */
uint32_t mark_callstack(uint32_t node, enum fil_mark mark);

/* The blocks with a mark in the block table. */
enum block_mark {
    BLOCK_OF_CODE = 1,        /* a code object */
    BLOCK_OF_THREAD_STATE = 2 /* a thread state, see other_interpreter.h */
};

#endif
