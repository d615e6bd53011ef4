/* Interpreter shutdown, which no library is notified of: whether it has begun, and whether the program ran out of
 * memory. */
#ifndef FIL_PYTHON_END_H
#define FIL_PYTHON_END_H

#include <stdbool.h>
#include <stdint.h>

/* The function that returns whether shutdown has begun; NULL if there is none. It may be called anywhere. */
int (*python_end_question(void))(void);

/* Prepare for the functions below. `look` is called at several moments, one of them early in the shutdown. With the
 * GIL, outside malloc. */
void python_end_prepare(void (*look)(void));

/* Does an uncaught MemoryError end the program? Call this when shutdown has just begun, in the thread that does it,
 * also inside malloc. */
bool python_end_by_memory_error(void);

/* If so: does `is_meant` hold where the traceback of that error ends, or of one during whose handling it was raised?
 * `offset`: bytes from the start of the function's bytecode; -1: not known. */
bool python_end_raised_at(bool (*is_meant)(uintptr_t code, long offset));

#endif
