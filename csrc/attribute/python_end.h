/* The end of the interpreter, which nothing tells a library: when it has begun, and whether the program died for want
 * of memory. */
#ifndef FIL_PYTHON_END_H
#define FIL_PYTHON_END_H

#include <stdbool.h>
#include <stdint.h>

/* The function that tells whether the end has begun; NULL if there is none. It may be called anywhere. */
int (*python_end_question(void))(void);

/* Get ready for what is below. `look` is called at moments of which one comes early in the end. With the GIL, outside
 * malloc. */
void python_end_prepare(void (*look)(void));

/* Does the program end by a MemoryError that nobody caught? To be asked when the end has just begun, in the thread that
 * takes the interpreter down, also inside malloc. */
bool python_end_by_memory_error(void);

/* If it does: is what `is_meant` where the traceback of that error ends, or of one in whose handling it was raised?
 * `offset`: bytes from the start of the function's bytecode; -1: not known. */
bool python_end_raised_at(bool (*is_meant)(uintptr_t code, long offset));

#endif
