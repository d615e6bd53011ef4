/* The functions of linux_sandbox.c for other Linux files. */
#ifndef FIL_LINUX_SANDBOX_H
#define FIL_LINUX_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* The system call `seccomp`: not all headers that this code is compiled with have it. */
#ifdef __x86_64__
#    define LINUX_SYS_SECCOMP 317
#else
#    define LINUX_SYS_SECCOMP 277
#endif

/* Is a file on this device in memory: memfd, POSIX shared memory? For sandboxes where paths are no longer available. */
bool linux_sandbox_is_memory(dev_t device);

#endif
