/* Threads and forks. */
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/process_hooks.h"
#include "interpose/real.h"
#include "interpose/starter.h"
#include "sampling.h"

#define CALLS_IN_FORKS 0x03070000u /* the first version with os.register_at_fork */

struct thread_task *thread_task_new(void *(*function)(void *), thrd_start_t c11_function, void *argument)
{
    bool loaded = state.ledger.storage.map_pages != NULL; /* else nothing is tracked in this process */
    struct thread_task *task = loaded ? real.malloc(sizeof *task) : NULL;
    if (task != NULL) {
        struct thread_origin origin = state.tracking ? attribute_thread_start() : attribute_idle_thread_start();
        *task = (struct thread_task){function, c11_function, argument, origin};
    }
    state.threads = state.several = true; /* before there is one */
    return task;
}

struct thread_task thread_task_begin(void *argument)
{
    struct thread_task task = *(struct thread_task *)argument;
    real.free(argument);
    attribute_thread_begin(&task.origin);
    return task;
}

static void *run_thread(void *argument)
{
    struct thread_task task = thread_task_begin(argument);
    return task.function(task.argument);
}

HOOK(int, pthread_create)(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                          void *argument)
{
    struct thread_task *task = thread_task_new(function, NULL, argument);
    if (task == NULL) {
        return real.pthread_create(thread, attributes, function, argument);
    }
    int status = real.pthread_create(thread, attributes, run_thread, task);
    if (status != 0) {
        real.free(task);
    }
    return status;
}

/* A fork happens between events, and its child records nothing: the recording is its parent's. */
static bool locked_for_fork;

/* What stood in the first page of the state. */
static struct {
    bool tracking;
    uint32_t session;
    uint32_t generation;
} at_fork;

bool process_hooks_forked(uint32_t *session, uint32_t *generation)
{
    *session = at_fork.session;
    *generation = at_fork.generation;
    return at_fork.tracking && platform_pid() != state.pid;
}

static void before_fork(void)
{
    starter_note();
    at_fork.tracking = state.tracking;
    at_fork.session = state.session;
    at_fork.generation = state.generation;
    sampling_before_fork();
    locked_for_fork = state_enter();
}

static void after_fork_in_parent(void)
{
    state_leave(locked_for_fork);
}

static void (*begin_in_child)(void);

void process_hooks_on_fork(void (*begin)(void))
{
    begin_in_child = begin;
}

void process_hooks_begin_late(void)
{
    state.fork_pending = false;
    begin_in_child();
}

/* The counter is the only part of the recording that forks also write, and they share no lock. */
static void count_process(void)
{
    if (state.ledger.header != NULL) {
        __atomic_fetch_add(&state.ledger.header->processes_started, 1, __ATOMIC_RELAXED);
    }
}

static void after_fork_in_child(void)
{
    state.tracking = false;
    count_process(); /* here, since the parent's handler also runs if the fork fails */
    state.fork_pending = begin_in_child != NULL && at_fork.tracking && attribute_python_version() < CALLS_IN_FORKS;
    state_leave(locked_for_fork);
}

void process_hooks_started(void)
{
    bool locked = state_enter();
    count_process();
    state_leave(locked);
}

void process_hooks_becomes(const char *path, size_t length)
{
    if (!state.tracking || platform_pid() != state.pid) { /* the second for the child of a vfork */
        return;
    }
    bool locked = state_enter();
    struct fil_header *header = state.ledger.header;
    if (header != NULL) {
        size_t skipped = length < sizeof header->became ? 0 : length - sizeof header->became + 1;
        memset(header->became, 0, sizeof header->became);
        if (path != NULL) {
            memcpy(header->became, path + skipped, length - skipped);
        }
    }
    state_leave(locked);
}

void process_hooks_install(void)
{
    platform_at_thread_end(attribute_thread_end);
    (void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
