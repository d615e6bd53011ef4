/* The function by which a program, or libseccomp for it, calls the kernel directly. */
#ifndef FIL_LINUX_SYSCALL_H
#define FIL_LINUX_SYSCALL_H

/* Everything that starts with the program is loaded: from now on the hook calls the next definition, which another
 * library may have put in front. */
void linux_syscall_settle(void);

#endif
