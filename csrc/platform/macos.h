/* Between the macOS files of platform/ only. */
#ifndef FIL_MACOS_H
#define FIL_MACOS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Is there a pthread key for thread-local data? Without it nothing may be tracked. */
bool system_tells_threads_apart(void);

/* The library has just been loaded: see platform_maps_for_itself. */
void system_remember_c_library(void);

/* Calls that may end a cancelled thread must be between these two: the thread would leave its locks, the library's and
 * the program's, held. */
static inline int cancellation_off(void)
{
    int before = PTHREAD_CANCEL_ENABLE;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

static inline void cancellation_back(int before)
{
    (void)pthread_setcancelstate(before, NULL);
}

#endif
