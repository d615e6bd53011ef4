/* Compile-time differences between operating systems. Only here the preprocessor checks which it is. */
#ifndef FIL_SYSTEM_H
#define FIL_SYSTEM_H

#include <stdint.h>

#ifdef __APPLE__

#    include <pthread.h>

struct _malloc_zone_t; /* interposed.def uses its full name */

#    define ON_ALL(...) __VA_ARGS__
#    define ON_LINUX(...)
#    define ON_MACOS(...) __VA_ARGS__

/* A hook has its own name: interpose/macos_pairs.c tells the dynamic linker which function it replaces. */
#    define HOOK(result, name) result hook_##name

/* A number that no other living thread has. Not the address of a thread-local variable, as elsewhere: threads past
 * their end share those (platform/macos_own.c). */
static inline uintptr_t platform_self(void)
{
    return (uintptr_t)pthread_self();
}

#else

#    define ON_ALL(...) __VA_ARGS__
#    define ON_LINUX(...) __VA_ARGS__
#    define ON_MACOS(...)

/* A hook has the name of the function that it replaces: the dynamic linker finds it first. The parentheses are for
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
