/* CPython's own allocators: the small objects that never reach malloc. */
#ifndef FIL_PYTHON_HOOKS_H
#define FIL_PYTHON_HOOKS_H

#include <stdint.h>

#include "fil_abi.h"

/* Wrap the allocators of the interpreter in this process. Call once, with the GIL, while there is one thread. */
enum fil_status python_hooks_install(void);

#endif
