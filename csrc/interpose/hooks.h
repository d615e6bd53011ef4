/* The declarations of all hooks of this system, from the list. */
#ifndef FIL_HOOKS_H
#define FIL_HOOKS_H

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "interpose/c11_threads.h"
#include "platform/system.h"

#undef mmap64 /* a macro in some C libraries' headers: so this comes after them */

#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(HOOK(result, name) parameters;)
#define REPLACED(result, name, parameters, platforms) ON_##platforms(HOOK(result, name) parameters;)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED

#endif
