/* The curve over time, where no supervisor looks at the process from outside: a thread of our own does. */
#ifndef FIL_SAMPLING_H
#define FIL_SAMPLING_H

#include <pthread.h>

/* pthread_create, past our own hook. */
typedef int thread_starter(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

/* Sample from now on, into the recording, which is open. `take_peak_rss_sample` is called in that thread when more is
 * live than at any sample before. Without a thread there is no curve, and nothing else is lost. */
void sampling_begin(thread_starter *start_thread, void (*take_peak_rss_sample)(void));

/* Stop, and wait until the thread has ended. The recording is still open. */
void sampling_end(void);

/* The process is about to be forked by its only thread: it shall not look, nor be, as if it had two. */
void sampling_before_fork(void);

#endif
