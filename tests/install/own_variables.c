/* csrc/platform/macos_own.c, which is plain POSIX, on this system: compiled with -femulated-tls, so that every
 * thread-local variable below goes through it. Ends with status 0 if each thread has variables of its own that begin as
 * zeros, also after more threads than the table has pieces, in destructors that come after its own, and in signal
 * handlers. */
#include "as_on_macos.h"
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "platform/macos_own.c"

#define AT_ONCE 16
#define ROUNDS 1500 /* 24000 threads */

_Thread_local uint64_t number;
_Thread_local uint32_t counter;
_Thread_local void *pointer;
static _Thread_local char last;

static uint32_t ends;
static uint32_t mistakes;
static pthread_key_t later;

static void expect(bool right)
{
    if (!right) {
        __atomic_fetch_add(&mistakes, 1, __ATOMIC_RELAXED);
    }
}

void system_nap(uint32_t nanoseconds)
{
    struct timespec nap = {.tv_nsec = nanoseconds};
    (void)nanosleep(&nap, NULL);
}

bool platform_lock_slow(struct platform_lock *lock, uintptr_t self)
{
    while (!__sync_bool_compare_and_swap(&lock->holder, 0, self)) {
    }
    return true;
}

/* Called in each thread, and once more in what all that have ended share: there nothing was written. */
static void ended(void)
{
    if (number != 0) {
        __atomic_fetch_add(&ends, 1, __ATOMIC_RELAXED);
    }
}

/* Its key is younger, so it runs after ours; the variables must be there still. Then again in each round. */
static void later_end(void *value)
{
    uintptr_t rounds = (uintptr_t)value >> 48;
    uint64_t expected = (uintptr_t)value << 16 >> 16;
    expect(rounds + 1 >= PTHREAD_DESTRUCTOR_ITERATIONS || (number == expected && counter == 7 && pointer == &number));
    (void)pthread_setspecific(later, (void *)(expected | (rounds + 1) << 48));
}

static void *thread(void *argument)
{
    expect(number == 0 && counter == 0 && pointer == NULL && last == 0);
    number = (uintptr_t)argument;
    counter = 7;
    pointer = &number;
    last = 1;
    (void)pthread_setspecific(later, argument);
    platform_expect_end();
    expect(number == (uintptr_t)argument && (uintptr_t)&number % _Alignof(uint64_t) == 0);
    return NULL;
}

static void handler(int signal)
{
    (void)signal;
    counter += 1;
}

static void *interrupted(void *argument)
{
    (void)argument;
    (void)raise(SIGUSR1); /* the thread's first use of a variable is in the handler */
    expect(counter == 1);
    return NULL;
}

static platform_thread_state *guarded;

/* As if the interpreter's answer took memory, and our hook asked again. */
static void *ask(void)
{
    expect(guarded() == NULL);
    return &mistakes;
}

int main(void)
{
    number = 1; /* before there is a key */
    platform_at_thread_end(ended);
    expect(system_tells_threads_apart() && number == 1);
    (void)pthread_key_create(&later, later_end);
    (void)signal(SIGUSR1, handler);
    for (uintptr_t round = 0; round < ROUNDS; round++) {
        pthread_t threads[AT_ONCE + 1];
        for (uintptr_t i = 0; i < AT_ONCE; i++) {
            if (pthread_create(&threads[i], NULL, thread, (void *)(round * AT_ONCE + i + 2)) != 0) {
                return 2;
            }
        }
        if (pthread_create(&threads[AT_ONCE], NULL, interrupted, NULL) != 0) {
            return 2;
        }
        for (uintptr_t i = 0; i <= AT_ONCE; i++) {
            (void)pthread_join(threads[i], NULL);
        }
    }
    guarded = platform_guarded(ask);
    expect(guarded() == &mistakes && guarded() == &mistakes);
    expect(number == 1 && counter == 0);
    expect(ends == ROUNDS * AT_ONCE); /* each thread that asked for it was told, once */
    (void)printf("%u mistakes, %u ends\n", mistakes, ends);
    return mistakes == 0 ? 0 : 1;
}
