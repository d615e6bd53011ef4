/* CPython's own allocators: the small objects that never reach malloc. */
#ifndef FIL_PYTHON_HOOKS_H
#define FIL_PYTHON_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_abi.h"

/* Wrap the allocators of the interpreter in this process, unless they still are. With the GIL. */
enum fil_status python_hooks_install(void);

/* Is it our function that the interpreter calls first for the memory of an object, and its own allocator which that
 * calls? */
bool python_hooks_outermost(void);

/* Put back what was wrapped. A wrapper that someone else has wrapped in turn stays, and passes on. With the GIL. */
void python_hooks_remove(void);

#endif
