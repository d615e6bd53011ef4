/* Threads, forks and fork handlers that go past the usual functions. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

/* Takes 40 MiB in the child of a fork that runs no handlers. 0 if the child ended well. */
int unusual_bare_fork(void)
{
    int status = -1;
    pid_t child = (pid_t)syscall(SYS_fork);
    if (child == 0) {
        for (int i = 0; i < 40; i++) {
            char *block = malloc(MIB);
            if (block == NULL) {
                _exit(1);
            }
            memset(block, 1, MIB);
        }
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static int take(void *bytes)
{
    void *block = malloc(*(size_t *)bytes);
    if (block != NULL) {
        memset(block, 1, *(size_t *)bytes); /* kept: the test counts it */
    }
    return block != NULL;
}

/* A C11 thread takes `bytes` and keeps them. 1 if it did. */
int unusual_c11_thread(size_t bytes)
{
    thrd_t thread;
    int took = 0;
    if (thrd_create(&thread, take, &bytes) != thrd_success || thrd_join(thread, &took) != thrd_success) {
        return 0;
    }
    return took;
}

static void *churn(void *unused)
{
    (void)unused;
    void *live[16] = {NULL};
    for (int i = 0; i < 200000; i++) {
        free(live[i % 16]);
        live[i % 16] = malloc(64 + (size_t)(i % 400));
    }
    for (int i = 0; i < 16; i++) {
        free(live[i]);
    }
    return NULL;
}

static int c11_churn(void *unused)
{
    return churn(unused) != NULL;
}

/* Two C11 threads allocate and free at once; everything is freed in the end. */
void unusual_c11_churn(void)
{
    thrd_t threads[2];
    int started = 0;
    for (int i = 0; i < 2; i++) {
        started += thrd_create(&threads[i], c11_churn, NULL) == thrd_success;
    }
    for (int i = 0; i < started; i++) {
        (void)thrd_join(threads[i], NULL);
    }
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int stop;

static void *hold_and_allocate(void *unused)
{
    (void)unused;
    while (!stop) {
        (void)pthread_mutex_lock(&mutex);
        void *volatile block = malloc(100);
        free(block);
        (void)pthread_mutex_unlock(&mutex);
        pthread_testcancel(); /* the only place where it may end */
    }
    return NULL;
}

/* Cancels threads that allocate under a mutex while another thread allocates too. 0 if the mutex was always given back.
 */
int unusual_cancellation(void)
{
    pthread_t other;
    stop = 0;
    if (pthread_create(&other, NULL, churn, NULL) != 0) {
        return -1;
    }
    for (int round = 0; round < 200; round++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, hold_and_allocate, NULL) != 0) {
            return -1;
        }
        (void)pthread_cancel(thread);
        (void)pthread_join(thread, NULL);
        if (pthread_mutex_trylock(&mutex) != 0) {
            return round + 1;
        }
        (void)pthread_mutex_unlock(&mutex);
    }
    (void)pthread_join(other, NULL);
    return 0;
}

static void allocate_before_fork(void)
{
    void *volatile block = malloc(3000);
    free(block);
}

/* As a library preloaded after the profiler's does: its constructor runs first, so its handler runs inside ours. */
__attribute__((constructor)) static void register_handler(void)
{
    (void)pthread_atfork(allocate_before_fork, allocate_before_fork, allocate_before_fork);
}

static atomic_bool waits, held, took;

bool unusual_waits(void)
{
    return atomic_load(&waits);
}

/* Holds whatever its caller holds (the GIL) until unusual_take_beside has what it wants. */
void unusual_hold(void)
{
    atomic_store(&held, true);
    while (!atomic_load(&took)) {
        sched_yield();
    }
}

/* While another thread is in unusual_hold, takes `count` blocks of `bytes`, which are kept. How many it got. */
int unusual_take_beside(void *(*take_block)(size_t), int count, size_t bytes)
{
    int got = 0;
    atomic_store(&waits, true);
    while (!atomic_load(&held)) {
        sched_yield();
    }
    for (int i = 0; i < count; i++) {
        got += take_block(bytes) != NULL;
    }
    atomic_store(&took, true);
    return got;
}
