/* What is asked of the interpreter, and told it, when the program starts a thread. With the GIL, outside malloc. */
#ifndef FIL_PYTHON_CALLS_H
#define FIL_PYTHON_CALLS_H

#include <stdint.h>

/* Look up what is needed. Without it the calls below do nothing. */
void python_calls_prepare(void);

/* Copy the name of a threading.Thread, of at most `bytes` bytes. Leaves `name` alone if it has none. */
void python_calls_thread_name(uintptr_t thread, char *name, uint32_t bytes);

/* Let multiprocessing.pool, if it is imported, give its jobs numbers that tell who made them: see tasks.c. */
void python_calls_number_jobs(void);

#endif
