/* The functions of linux_sandbox.c for other Linux files. */
#ifndef FIL_LINUX_SANDBOX_H
#define FIL_LINUX_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* The system calls `seccomp` and `execveat`: not all headers that this code is compiled with have them. */
#ifdef __x86_64__
#    define LINUX_SYS_SECCOMP 317
#    define LINUX_SYS_EXECVEAT 322
#else
#    define LINUX_SYS_SECCOMP 277
#    define LINUX_SYS_EXECVEAT 281
#endif

/* Is a file on this device in memory: memfd, POSIX shared memory? For sandboxes where paths are no longer available. */
bool linux_sandbox_is_memory(dev_t device);

#endif
