/* Counting the programs that this process starts. */
#ifndef FIL_EXEC_HOOKS_H
#define FIL_EXEC_HOOKS_H

#include <stdbool.h>

/* Look the real functions up now, if that has not happened: those of exec_hooks; `system` and `popen`; `wait`
 * and its kin. */
void exec_hooks_settle(void);
void shell_hooks_settle(void);
void wait_hooks_settle(void);

/* Around a call that starts a program. The C library's own calls of such functions come within another, or not here at
 * all: each program counts once. `outermost` is what the first has returned. */
bool exec_hooks_start(void);
void exec_hooks_started(bool outermost, bool success);

#endif
