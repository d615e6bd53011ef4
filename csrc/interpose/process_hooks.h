/* What has to be known of threads and forks. */
#ifndef FIL_PROCESS_HOOKS_H
#define FIL_PROCESS_HOOKS_H

#include <stddef.h>

#include "attribute/attribute.h"
#include "interpose/c11_threads.h"

/* Stop recording in the children of forks from now on. */
void process_hooks_install(void);

/* This process, or a fork of it, has started another. */
void process_hooks_started(void);

/* This process is about to become the program at `path`, of `length` bytes; NULL: it could not. */
void process_hooks_becomes(const char *path, size_t length);

/* What a new thread needs to know before it runs: one of the two functions, and where its callstacks belong. */
struct thread_task {
    void *(*function)(void *);
    thrd_start_t c11_function;
    void *argument;
    struct thread_origin origin;
};

/* NULL if nothing is to be done, or there is no memory: then the thread runs without us. */
struct thread_task *thread_task_new(void *(*function)(void *), thrd_start_t c11_function, void *argument);

/* In the new thread: what it is to do. The task itself is given back. */
struct thread_task thread_task_begin(void *argument);

#endif
