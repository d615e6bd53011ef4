/* Calls into the interpreter when the program starts a thread. With the GIL, outside malloc. */
#ifndef FIL_PYTHON_CALLS_H
#define FIL_PYTHON_CALLS_H

#include <stdint.h>

/* Look up the required functions. Without them the calls below do nothing. */
void python_calls_prepare(void);

/* Copy the name of a threading.Thread, at most `bytes` bytes. Does not change `name` if it has none. */
void python_calls_thread_name(uintptr_t thread, char *name, uint32_t bytes);

/* Make multiprocessing.pool, if it is imported, number its jobs so that a number's block shows its submitter: see
 * tasks.c. */
void python_calls_number_jobs(void);

#endif
