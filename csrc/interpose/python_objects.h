/* Objects that come from one of the interpreter's free lists: their block is reused without a free and a new
 * request. */
#ifndef FIL_PYTHON_OBJECTS_H
#define FIL_PYTHON_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_abi.h"

/* How to find an object's block. FIL_ERROR_NO_PYTHON if the interpreter does not report objects: then none of the
 * functions below does anything. Before tracking begins, with the GIL. */
int32_t python_objects_use(const struct fil_objects *objects);

/* Has this been called successfully? */
bool python_objects_known(void);

/* The same, and with which argument. */
bool python_objects_used(struct fil_objects *objects);

/* Make the interpreter report each object that it creates (all but floats are followed), unless another listener is
 * there. Tracking is on. With the GIL. */
void python_objects_follow(void);

/* The same again, if another listener has taken the place meanwhile and has left it since. With the GIL, also inside an
 * allocation. */
void python_objects_return(void);

/* Stop following. With the GIL. */
void python_objects_leave(void);

#endif
