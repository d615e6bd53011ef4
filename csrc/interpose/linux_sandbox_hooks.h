/* A program that shuts itself in. */
#ifndef FIL_LINUX_SANDBOX_HOOKS_H
#define FIL_LINUX_SANDBOX_HOOKS_H

/* Make a system call that may shut the program in, of PLATFORM_ARGUMENTS arguments; what will be needed is taken
 * before. */
long linux_sandbox_shut_in(long number, const unsigned long *arguments);

#endif
