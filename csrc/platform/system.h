/* What differs between operating systems while the code is being compiled. Here alone the preprocessor asks which it
 * is. */
#ifndef FIL_SYSTEM_H
#define FIL_SYSTEM_H

#include <stdint.h>

#ifdef __APPLE__

#    include <pthread.h>

struct _malloc_zone_t; /* what interposed.def calls by its full name */

#    define ON_ALL(...) __VA_ARGS__
#    define ON_LINUX(...)
#    define ON_MACOS(...) __VA_ARGS__

/* A hook has a name of its own: interpose/macos_pairs.c tells the dynamic linker for which function it stands. */
#    define HOOK(result, name) result hook_##name

/* A number that no other living thread has. Not the address of a thread-local variable, as elsewhere: threads that are
 * past their end share those (platform/macos_own.c). */
static inline uintptr_t platform_self(void)
{
    return (uintptr_t)pthread_self();
}

#else

#    define ON_ALL(...) __VA_ARGS__
#    define ON_LINUX(...) __VA_ARGS__
#    define ON_MACOS(...)

/* A hook has the name of the function for which it stands: the dynamic linker finds ours first. The brackets are for
 * names that are macros too. */
#    define HOOK(result, name) __attribute__((visibility("default"))) result(name)

extern _Thread_local char platform_own_byte;

/* A number that no other living thread has. */
static inline uintptr_t platform_self(void)
{
    return (uintptr_t)&platform_own_byte;
}

#endif

#endif
