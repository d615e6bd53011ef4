/* A program that sandboxes itself. */
#ifndef FIL_LINUX_SANDBOX_HOOKS_H
#define FIL_LINUX_SANDBOX_HOOKS_H

/* Make a system call that may sandbox the program, with PLATFORM_ARGUMENTS arguments; first acquire what will be
 * needed. */
long linux_sandbox_shut_in(long number, const unsigned long *arguments);

#endif
