/* The library's functions as Python's own, for the code of ours that runs at the start: so it needs no module for that.
 */
#ifndef FIL_NATIVE_H
#define FIL_NATIVE_H

/* A new dictionary of them by name; NULL, and an error, if there is no memory. Hold the GIL. */
void *native_functions(void);

#endif
