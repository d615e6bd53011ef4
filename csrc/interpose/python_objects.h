/* Objects that come from one of the interpreter's free lists: their block was never given back, nor is it asked for
 * again. */
#ifndef FIL_PYTHON_OBJECTS_H
#define FIL_PYTHON_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_abi.h"

/* Where objects keep what tells their block. FIL_ERROR_NO_PYTHON where the interpreter does not tell of objects: then
 * none of the functions below does anything. Before tracking begins, with the GIL. */
int32_t python_objects_use(const struct fil_objects *objects);

/* Has that been said? */
bool python_objects_known(void);

/* Let the interpreter tell of each object that it makes (all but floats are followed), if nobody else has it do so.
 * Tracking runs. With the GIL. */
void python_objects_follow(void);

/* The same again, if somebody has taken our place meanwhile and has left it since. With the GIL, also inside an
 * allocation. */
void python_objects_return(void);

/* No longer. With the GIL. */
void python_objects_leave(void);

#endif
