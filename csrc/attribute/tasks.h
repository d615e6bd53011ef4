/* Work that one thread submits to another: a task runs in a pool's thread, but belongs to the line that submitted it.
 *
 * A pool's worker runs a task in a function of the standard library, and one of that function's variables holds an
 * object that the submitting thread made for this task and no other. Every live block is recorded with the call stack
 * that requested it; so that object's block identifies the submitter. Submitting needs no hook.
 */
#ifndef FIL_TASKS_H
#define FIL_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/thread_context.h"

/* The live frame `at` of `context` runs function `number`. If that is one which runs submitted work: remember what it
 * runs, and return true, with the mark for its call stacks in `*start`, FIL_NODE_NONE if that is not known. Inside an
 * event. */
bool task_at(struct thread_context *context, uint32_t at, uint32_t number, uint32_t *start);

/* If the frame that `node` ends with, the innermost of a walk just done, is threading.Thread.start: the address of the
 * thread that it starts, else 0. Inside an event. */
uintptr_t started_thread(const struct thread_context *context, uint32_t node);

#endif
