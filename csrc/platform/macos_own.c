/* Thread-local data, and the end of threads.
 *
 * The system's own thread-local variables do not work inside malloc: the linker's helper allocates their memory by
 * malloc at a thread's first use, and frees it at the thread's end, before the thread's last free. In a hook either
 * would call the hook itself. So this library is compiled with -femulated-tls: each use of a _Thread_local variable
 * calls __emutls_get_address, which is defined here and allocates nothing.
 *
 * A thread's variables are together in one piece of a static table, and a pthread value leads there.
 * pthread_getspecific and pthread_setspecific do not allocate: the values are in the thread's own structure. The
 * thread's piece is released in the last round of destructors; after that the thread uses one piece that all threads
 * past their end share. In it the thread has ended, so nothing is stored there; and the lock identifies threads by
 * other means (platform_self). */
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "platform/macos.h"
#include "platform/platform.h"
#include "platform/posix.h"

#define OWN_BYTES 224u      /* for all variables together, which all begin as zeros */
#define MOST_THREADS 16384u /* at a time; a kernel allows a process fewer. Unused pieces take no memory */
#define TABLE_FULL_NAP_NS 1000000u

/* A variable as the compiler describes it. */
struct emulated {
    uintptr_t bytes;
    uintptr_t alignment;
    uintptr_t place; /* for this file to use; 0 at first */
    const void *initial;
};

void *__emutls_get_address(struct emulated *variable);

struct own {
    uint8_t taken;
    uint8_t rounds;   /* rounds of destructors so far */
    bool expects_end; /* end_function is to be called */
    _Alignas(16) char variables[OWN_BYTES];
};

static struct own table[MOST_THREADS];
static struct own first = {.taken = 1}; /* of the thread that loads the library */
static struct own past_end = {.taken = 1};

static pthread_key_t key;
static bool key_made;
static void (*end_function)(void);

/* Which bytes of `variables` are in use, and the lock for that. */
static uint32_t used;
static struct platform_lock places;

/* The compiler describes zeros by a null pointer or nothing. */
static bool begins_as_zeros(const struct emulated *variable)
{
    const char *initial = variable->initial;
    for (uintptr_t at = 0; initial != NULL && at < variable->bytes; at++) {
        if (initial[at] != 0) {
            return false;
        }
    }
    return true;
}

static __attribute__((cold, noinline)) uintptr_t find_place(struct emulated *variable)
{
    bool locked = platform_lock_take(&places, platform_self());
    if (variable->place == 0) {
        uint32_t at = (uint32_t)((used + variable->alignment - 1) / variable->alignment * variable->alignment);
        if (!begins_as_zeros(variable) || variable->alignment > 16 || at + variable->bytes > OWN_BYTES) {
            __builtin_trap(); /* a mistake in this library, which its first use shows */
        }
        used = at + (uint32_t)variable->bytes;
        __atomic_store_n(&variable->place, offsetof(struct own, variables) + at, __ATOMIC_RELEASE);
    }
    if (locked) {
        platform_lock_give(&places);
    }
    return variable->place;
}

/* Without a lock, so that a signal handler may interrupt it. */
static struct own *take(void)
{
    for (uint32_t at = 0;; at++) {
        if (at == MOST_THREADS) {
            at = 0;
            system_nap(TABLE_FULL_NAP_NS);
        }
        uint8_t is_taken = 0;
        if (__atomic_load_n(&table[at].taken, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&table[at].taken, &is_taken, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return &table[at];
        }
    }
}

static void give(struct own *own)
{
    memset((char *)own + sizeof own->taken, 0, sizeof *own - sizeof own->taken);
    __atomic_store_n(&own->taken, 0, __ATOMIC_RELEASE);
}

static __attribute__((cold, noinline)) struct own *begin(void)
{
    struct own *own = take();
    struct own *other = pthread_getspecific(key);
    if (other != NULL) { /* a signal handler was faster */
        give(own);
        return other;
    }
    (void)pthread_setspecific(key, own);
    return own;
}

static inline struct own *own_piece(void)
{
    struct own *own = key_made ? pthread_getspecific(key) : &first;
    return own != NULL ? own : begin();
}

void *__emutls_get_address(struct emulated *variable)
{
    uintptr_t place = __atomic_load_n(&variable->place, __ATOMIC_ACQUIRE);
    return (char *)own_piece() + (place != 0 ? place : find_place(variable));
}

/* The destructor of the pthread value, which pthread has removed. It is restored for the destructors that come after
 * this one, so this is called again, in each of pthread's rounds. */
static void end(void *value)
{
    struct own *own = value;
    (void)pthread_setspecific(key, own);
    if (own == &past_end) {
        return;
    }
    if (own->expects_end) {
        own->expects_end = false;
        end_function();
    }
    own->rounds += 1;
    if (own->rounds == PTHREAD_DESTRUCTOR_ITERATIONS) {
        (void)pthread_setspecific(key, &past_end);
        end_function(); /* in this piece the thread has ended, too */
        if (own != &first) {
            give(own);
        }
    }
}

void platform_at_thread_end(void (*function)(void))
{
    end_function = function;
    if (pthread_key_create(&key, end) == 0) {
        key_made = pthread_setspecific(key, &first) == 0;
    }
}

void platform_expect_end(void)
{
    own_piece()->expects_end = true;
}

static platform_thread_state *ask_interpreter;
static _Thread_local bool asking;

/* From CPython 3.14 on it reads a thread-local variable of the system's. */
static void *ask_once(void)
{
    if (asking) {
        return NULL;
    }
    asking = true;
    void *thread_state = ask_interpreter();
    asking = false;
    return thread_state;
}

platform_thread_state *platform_guarded(platform_thread_state *ask)
{
    ask_interpreter = ask;
    return ask_once;
}

bool system_tells_threads_apart(void)
{
    return key_made;
}
