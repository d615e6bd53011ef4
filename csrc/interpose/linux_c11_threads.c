/* Threads by <threads.h>. */
#include <stddef.h>

#include "interpose/hooks.h"
#include "interpose/process_hooks.h"
#include "interpose/real.h"

static int run_c11_thread(void *argument)
{
    struct thread_task task = thread_task_begin(argument);
    return task.c11_function(task.argument);
}

HOOK(int, thrd_create)(pthread_t *thread, thrd_start_t function, void *argument)
{
    struct thread_task *task = thread_task_new(NULL, function, argument);
    if (task == NULL) {
        return real.thrd_create(thread, function, argument);
    }
    int status = real.thrd_create(thread, run_c11_thread, task);
    if (status != THREAD_SUCCESS) {
        real.free(task);
    }
    return status;
}
