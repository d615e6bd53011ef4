/* What the library tracks of threads and forks. */
#ifndef FIL_PROCESS_HOOKS_H
#define FIL_PROCESS_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/attribute.h"
#include "interpose/c11_threads.h"

/* What begins a recording of its own in a forked child. */
void process_hooks_on_fork(void (*begin)(void));

/* In a forked child of an interpreter that calls nobody there: begins the recording at the first allocation that the
 * interpreter makes. With the GIL. */
void process_hooks_begin_late(void);

/* From now on, stop recording in forked children. */
void process_hooks_install(void);

/* In the child of a fork: whether its parent was tracked then, with the numbers of the parent's state, which the kernel
 * has cleared here. */
bool process_hooks_forked(uint32_t *session, uint32_t *generation);

/* This process, or a fork of it, has started another. */
void process_hooks_started(void);

/* This process is about to become the program at `path`, of `length` bytes; NULL: that failed. */
void process_hooks_becomes(const char *path, size_t length);

/* What a new thread needs before it runs: one of the two functions, and where its call stacks belong. */
struct thread_task {
    void *(*function)(void *);
    thrd_start_t c11_function;
    void *argument;
    struct thread_origin origin;
};

/* NULL if there is nothing to do, or no memory: then the thread runs untracked. */
struct thread_task *thread_task_new(void *(*function)(void *), thrd_start_t c11_function, void *argument);

/* In the new thread: what it has to do. Frees the task itself. */
struct thread_task thread_task_begin(void *argument);

#endif
