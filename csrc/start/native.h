/* The library's functions as Python functions, for filprofiler's code that runs at the start: so it needs no module for
 * them. */
#ifndef FIL_NATIVE_H
#define FIL_NATIVE_H

/* A new dictionary of them by name; NULL, and an error, if there is no memory. Hold the GIL. */
void *native_functions(void);

#endif
