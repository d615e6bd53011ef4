/* Functions that run tasks: which of the functions seen so far they are, and where in their frame the task is. */
#ifndef FIL_TASK_FUNCTIONS_H
#define FIL_TASK_FUNCTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What a variable of the frame that runs a task holds. */
enum task_kind {
    TASK_OBJECT,         /* an object made for this work: a pool's task */
    TASK_JOB,            /* a job's number, if it is not one that the interpreter caches: see python_calls.h */
    TASK_HANDLE,         /* an event loop's handle, which runs a step of a task, or a function */
    TASK_ASYNCIO,        /* an event loop's task */
    TASK_COROUTINE,      /* no variable: the frame is a task's outermost coroutine */
    LOOP_WITHOUT_FRAMES, /* no work: the module of an event loop whose own functions have no frames */
    STARTED_THREAD,      /* no work: this function starts a thread */
};

/* One of them: the end of its file's name, its name, and which variable of its frame holds what. */
struct task_function {
    const char *file;
    const char *name;
    const char *qualified_name;
    uint32_t variable;
    enum task_kind holds;
};

/* The function numbered `number` has this name (the qualified one if there is one) in this file. Inside an event. */
void task_functions_meet(uint32_t number, const uint8_t *filename, uint32_t filename_bytes, const uint8_t *name,
                         uint32_t name_bytes);

/* What function `number` does with tasks; NULL if it is not one of these. Inside an event. */
const struct task_function *task_function_of(uint32_t number);

/* Is it one that an event loop runs around its tasks, for their submitter? Inside an event. */
bool task_functions_are_around(uint32_t number);

/* Was any of them seen so far? Inside an event. */
bool task_functions_were_met(void);

/* Was an event loop without frames imported, whose tasks are identified by their coroutines? Inside an event. */
bool task_functions_are_coroutines(void);

/* Tracking ends: forget them. Inside an event. */
void task_functions_end(void);

#endif
