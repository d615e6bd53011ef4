/* The one replaced function of <threads.h>, as the C libraries of Linux have it. Their header is not used: older ones
 * have none, and a library built with them still serves newer ones. */
#ifndef FIL_C11_THREADS_H
#define FIL_C11_THREADS_H

#include <pthread.h>

typedef int (*thrd_start_t)(void *);

enum { THREAD_SUCCESS = 0, THREAD_NO_MEMORY = 3 };

int thrd_create(pthread_t *thread, thrd_start_t function, void *argument);

#endif
