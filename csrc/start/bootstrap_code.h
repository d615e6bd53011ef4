/* The code of bootstrap.py, the first Python code of filprofiler in a process. */
#ifndef FIL_BOOTSTRAP_CODE_H
#define FIL_BOOTSTRAP_CODE_H

#include <stdbool.h>

/* Reads the source at `path`, before the interpreter has started. False if that is not possible. */
bool bootstrap_code_find(const char *path);

/* The code: from the file's cached bytecode, if that is up to date, else compiled; `cached` tells which. A new
 * reference; NULL with an exception. With the GIL. */
void *bootstrap_code(bool *cached);

#endif
