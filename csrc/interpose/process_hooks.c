/* Threads and forks. */
#include <pthread.h>
#include <stddef.h>

#include "fil_abi.h"
#include "interpose/events.h"
#include "interpose/process_hooks.h"
#include "interpose/real.h"

/* What a new thread needs to know before it runs. */
struct thread_task {
    void *(*function)(void *);
    void *argument;
    uint32_t start_node;
};

static void end_thread(void *unused)
{
    (void)unused;
    attribute_thread_end();
}

static void *run_thread(void *argument)
{
    struct thread_task task = *(struct thread_task *)argument;
    real.free(argument);
    attribute_thread_begin(task.start_node);
    void *result;
    pthread_cleanup_push(end_thread, NULL); /* also when it ends by pthread_exit or is cancelled */
    result = task.function(task.argument);
    pthread_cleanup_pop(1);
    return result;
}

FIL_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                              void *argument)
{
    struct thread_task *task = state.tracking ? real.malloc(sizeof *task) : NULL;
    if (task == NULL) {
        state.threads = true;
        return real.pthread_create(thread, attributes, function, argument);
    }
    task->function = function;
    task->argument = argument;
    task->start_node = attribute_thread_start();
    state.threads = true; /* before there is one */
    int status = real.pthread_create(thread, attributes, run_thread, task);
    if (status != 0) {
        real.free(task);
    }
    return status;
}

/* A fork happens between events, and its child records nothing: the recording is its parent's. */
static bool locked_for_fork;

static void before_fork(void)
{
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
    (void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
