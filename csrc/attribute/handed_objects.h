/* The object that tells which work a frame runs: where it is, and which callstack asked for it. */
#ifndef FIL_HANDED_OBJECTS_H
#define FIL_HANDED_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/thread_context.h"

/* What a variable of the frame that runs the work holds. */
enum handed {
    HANDED_OBJECT,       /* an object made for this work: a pool's task */
    HANDED_JOB,          /* a job's number, if it is none of those that the interpreter keeps in stock: see python_calls.h */
    HANDED_HANDLE,       /* an event loop's handle, which runs a step of a task, or a function */
    HANDED_TASK,         /* an event loop's task */
    HANDED_COROUTINE,    /* no variable: the frame is a task's outermost coroutine */
    LOOP_WITHOUT_FRAMES, /* no work: the module of an event loop whose own functions have no frames */
    STARTED_THREAD,      /* no work: this function starts a thread */
};

/* The object that tells the work, 0 if there is none. `variable`: where in the frame's variables it is, or what leads to it.
 * Inside an event. */
uintptr_t handed_object(uintptr_t frame, enum handed holds, uint32_t variable);

/* The callstack that asked for the block in which the object lies; FIL_NODE_NONE if none is recorded. Something holds the
 * object, so the block is not given back meanwhile. Inside an event. */
uint32_t handed_maker(uintptr_t object, enum handed holds);

/* Is the frame `at` of `context` a coroutine's, and what runs it no other coroutine that waits for it? */
bool handed_coroutine_begins(const struct thread_context *context, uint32_t at);

/* A variable of a frame. */
uintptr_t frame_variable(uintptr_t frame, uint32_t variable);

#endif
