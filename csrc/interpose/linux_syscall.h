/* The function by which a program, or libseccomp for it, calls the kernel directly. */
#ifndef FIL_LINUX_SYSCALL_H
#define FIL_LINUX_SYSCALL_H

/* All that starts with the program is loaded: what others have put in front of it is behind ours from now on. */
void linux_syscall_settle(void);

#endif
