/* When the interpreter is about to run the program, in versions without audit hooks: CPython 3.6 and 3.7. */
#ifndef FIL_FIRST_REQUEST_H
#define FIL_FIRST_REQUEST_H

#include <stdbool.h>

/* Before the interpreter starts: call `come` when it is ready, and there is no Python frame. False if that cannot be
 * detected. */
bool first_request_await(void (*come)(void));

#endif
