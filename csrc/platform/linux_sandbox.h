/* What linux_sandbox.c tells linux_maps.c. */
#ifndef FIL_LINUX_SANDBOX_H
#define FIL_LINUX_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* Does a file on this device lie in memory: memfd, POSIX shared memory? For where no paths are told any more. */
bool linux_sandbox_is_memory(dev_t device);

#endif
