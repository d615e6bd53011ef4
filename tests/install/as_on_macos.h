/* In place of platform/system.h: Linux, but a thread is known by what macOS knows it by. So the library can run here
 * with platform/macos_own.c; what linux.c has for the same is left unused, under other names. */
#ifndef FIL_SYSTEM_H
#define FIL_SYSTEM_H

#include <limits.h>
#include <pthread.h>
#include <stdint.h>

#define ON_ALL(...) __VA_ARGS__
#define ON_LINUX(...) __VA_ARGS__
#define ON_MACOS(...)
#define HOOK(result, name) __attribute__((visibility("default"))) result(name)

#ifndef PTHREAD_DESTRUCTOR_ITERATIONS
#    define PTHREAD_DESTRUCTOR_ITERATIONS 4
#endif

extern _Thread_local char platform_own_byte; /* of linux.c: nobody uses it */

static inline uintptr_t platform_self(void)
{
    return (uintptr_t)pthread_self();
}

#ifdef UNUSED_HERE
#    define platform_at_thread_end unused_at_thread_end
#    define platform_expect_end unused_expect_end
#    define platform_guarded unused_guarded
#endif

#endif
