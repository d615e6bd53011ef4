/* Between the macOS files of platform/ only. */
#ifndef FIL_MACOS_H
#define FIL_MACOS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Is there a value of pthread's that leads to what belongs to a thread? Without it nothing may be tracked. */
bool system_tells_threads_apart(void);

/* The library has just been loaded: see platform_maps_for_itself. */
void system_remember_c_library(void);

/* Calls that may end a cancelled thread stand between these two: it would leave its locks, ours and the program's. */
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
