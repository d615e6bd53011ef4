/* Threads and forks. */
#include <pthread.h>
#include <stddef.h>

#include "fil_abi.h"
#include "interpose/c11_threads.h"
#include "interpose/events.h"
#include "interpose/process_hooks.h"
#include "interpose/real.h"
#include "sampling.h"

/* What a new thread needs to know before it runs: one of the two functions, and where its callstacks belong. */
struct thread_task {
    void *(*function)(void *);
    thrd_start_t c11_function;
    void *argument;
    struct thread_origin origin;
};

/* NULL if nothing is to be done, or there is no memory: then the thread runs without us. */
static struct thread_task *new_task(void *(*function)(void *), thrd_start_t c11_function, void *argument)
{
    bool loaded = state.ledger.storage.take_pages != NULL; /* else we are to do nothing in this process */
    struct thread_task *task = loaded ? real.malloc(sizeof *task) : NULL;
    if (task != NULL) {
        struct thread_origin origin = state.tracking ? attribute_thread_start() : attribute_idle_thread_start();
        *task = (struct thread_task){function, c11_function, argument, origin};
    }
    state.threads = true; /* before there is one */
    return task;
}

static struct thread_task begin_task(void *argument)
{
    struct thread_task task = *(struct thread_task *)argument;
    real.free(argument);
    attribute_thread_begin(&task.origin);
    return task;
}

static void *run_thread(void *argument)
{
    struct thread_task task = begin_task(argument);
    return task.function(task.argument);
}

static int run_c11_thread(void *argument)
{
    struct thread_task task = begin_task(argument);
    return task.c11_function(task.argument);
}

FIL_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                              void *argument)
{
    struct thread_task *task = new_task(function, NULL, argument);
    if (task == NULL) {
        return real.pthread_create(thread, attributes, function, argument);
    }
    int status = real.pthread_create(thread, attributes, run_thread, task);
    if (status != 0) {
        real.free(task);
    }
    return status;
}

FIL_EXPORT int thrd_create(pthread_t *thread, thrd_start_t function, void *argument)
{
    struct thread_task *task = new_task(NULL, function, argument);
    if (task == NULL) {
        return real.thrd_create(thread, function, argument);
    }
    int status = real.thrd_create(thread, run_c11_thread, task);
    if (status != THREAD_SUCCESS) {
        real.free(task);
    }
    return status;
}

/* A fork happens between events, and its child records nothing: the recording is its parent's. */
static bool locked_for_fork;

static void before_fork(void)
{
    sampling_before_fork();
    locked_for_fork = state_enter();
}

static void after_fork_in_parent(void)
{
    state_leave(locked_for_fork);
}

static void after_fork_in_child(void)
{
    state.tracking = false;
    state_leave(locked_for_fork);
}

void process_hooks_install(void)
{
    platform_at_thread_end(attribute_thread_end);
    (void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
