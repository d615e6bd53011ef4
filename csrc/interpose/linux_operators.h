/* C++'s `new` and `delete`, where malloc is not the C library's. */
#ifndef FIL_LINUX_OPERATORS_H
#define FIL_LINUX_OPERATORS_H

/* Everything that starts with the program is loaded: withdraw the operators, unless they are needed. */
void linux_operators_settle(void);

#endif
