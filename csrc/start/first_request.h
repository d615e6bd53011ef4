/* When the interpreter is about to run the program, where it has no audit hooks: CPython 3.6 and 3.7. */
#ifndef FIL_FIRST_REQUEST_H
#define FIL_FIRST_REQUEST_H

#include <stdbool.h>

/* Before the interpreter is up: call `come` when it is, and no Python frame is there. False if that cannot be awaited.
 */
bool first_request_await(void (*come)(void));

#endif
