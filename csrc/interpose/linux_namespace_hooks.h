/* Libraries that are loaded into a namespace of their own, beside the program's. */
#ifndef FIL_LINUX_NAMESPACE_HOOKS_H
#define FIL_LINUX_NAMESPACE_HOOKS_H

/* Look the real function up now, if that has not happened. */
void namespace_hooks_settle(void);

#endif
