/* What linux_sandbox.c tells others on Linux. */
#ifndef FIL_LINUX_SANDBOX_H
#define FIL_LINUX_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* The system call `seccomp`: not all headers have it that this code is compiled with. */
#ifdef __x86_64__
#    define LINUX_SYS_SECCOMP 317
#else
#    define LINUX_SYS_SECCOMP 277
#endif

/* Does a file on this device lie in memory: memfd, POSIX shared memory? For where no paths are told any more. */
bool linux_sandbox_is_memory(dev_t device);

#endif
