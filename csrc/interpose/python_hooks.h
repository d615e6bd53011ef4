/* CPython's own allocators: the small objects that never reach malloc. */
#ifndef FIL_PYTHON_HOOKS_H
#define FIL_PYTHON_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_abi.h"

/* Wrap the allocators of the interpreter in this process, unless they still are. With the GIL. */
enum fil_status python_hooks_install(void);

/* Does the interpreter call the library's function first for an object's memory, and does that call the interpreter's
 * own allocator? */
bool python_hooks_outermost(void);

/* This process is one of several recorded ones from now on, or is no longer: exchange the wrappers for their twins.
 * With the GIL, or where no other thread is. */
void python_hooks_are_combined(bool combined);

/* Restore what was wrapped. A wrapper that another tool has wrapped in turn stays, and passes calls on. With the
 * GIL. */
void python_hooks_remove(void);

#endif
