/* The library's functions as Python functions, for filprofiler's code that runs at the start: so it needs no module for
 * them. */
#ifndef FIL_NATIVE_H
#define FIL_NATIVE_H

#include <stdbool.h>

/* A new dictionary of them by name; NULL, and an error, if there is no memory. Hold the GIL. */
void *native_functions(void);

/* Let forked children go on in recordings of their own. False if that cannot be. With the GIL. */
bool native_follow_forks(void);

#endif
