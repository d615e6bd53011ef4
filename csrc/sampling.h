/* The timeline, if no supervisor samples the process from outside: a thread of the library does. */
#ifndef FIL_SAMPLING_H
#define FIL_SAMPLING_H

#include <pthread.h>

/* pthread_create, without the hook. */
typedef int thread_starter(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

/* Sample into the open recording from now on. The thread calls `take_peak_rss_sample` when more is live than at any
 * sample before. Without a thread there is no timeline, but nothing else is lost. */
void sampling_begin(thread_starter *start_thread, void (*take_peak_rss_sample)(void));

/* Stop, and wait until the thread has ended. The recording is still open. */
void sampling_end(void);

/* The only thread of the process is about to fork: stop the sampling thread, so that the process does not count as one
 * with two threads. */
void sampling_before_fork(void);

#endif
