/* Threads that allocate while they end, and processes that are started past the C library. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static size_t left_behind;

/* Takes, frees, and leaves one block alive; sets the key again, so that it runs in several rounds. */
static void destroy(void *rounds)
{
    free(malloc(100000));
    if ((uintptr_t)rounds > 1)
        pthread_setspecific(key, (void *)((uintptr_t)rounds - 1));
    else
        left_behind += malloc(1 << 20) != NULL;
}

static void make_key(void)
{
    pthread_key_create(&key, destroy);
}

static void *body(void *unused)
{
    (void)unused;
    pthread_setspecific(key, (void *)3);
    return NULL;
}

/* A thread whose destructors leave 1 MiB alive. Answers how many blocks were left so far. */
size_t end_with_destructor(void)
{
    pthread_t thread;
    pthread_once(&once, make_key);
    if (pthread_create(&thread, NULL, body, NULL) == 0)
        pthread_join(thread, NULL);
    return left_behind;
}

/* The calling thread itself runs the destructors when it ends. */
void end_calling_thread_with_destructor(void)
{
    pthread_once(&once, make_key);
    pthread_setspecific(key, (void *)3);
}

static void *detached(void *go_on)
{
    while (go_on != NULL)
        free(realloc(malloc(5000), 50000));
    return NULL;
}

/* Threads that allocate for ever, also while the process ends. */
int start_endless_threads(int count)
{
    pthread_t thread;
    for (int i = 0; i < count; i++)
        if (pthread_create(&thread, NULL, detached, &key) != 0 || pthread_detach(thread) != 0)
            return 0;
    return 1;
}

/* A child by vfork that only calls exec. Answers its process number. */
int vfork_and_exec(const char *program, char *const arguments[])
{
    pid_t child = vfork();
    if (child == 0) {
        execv(program, arguments);
        _exit(127);
    }
    return child;
}

static void take_at_exit(void)
{
    for (int i = 0; i < 1000; i++)
        free(malloc(56 + (size_t)i));
}

/* When the process ends, after Python has, memory is taken and given back. */
int take_memory_at_exit(void)
{
    return atexit(take_at_exit);
}
