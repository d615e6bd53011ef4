/* What has to be asked of the interpreter, or told it, outside malloc: done by its main thread between two instructions. */
#ifndef FIL_PYTHON_CALLS_H
#define FIL_PYTHON_CALLS_H

/* Look up what is needed. Without it the requests do nothing. */
void python_calls_prepare(void);

/* A thread is about to be started: soon, learn its name, and see to the numbers of multiprocessing's jobs. May be called
 * with or without the GIL, outside malloc. */
void python_calls_request(void);

#endif
