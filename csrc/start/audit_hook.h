/* An audit hook (public, from CPython 3.8 on) that exists until the program begins. */
#ifndef FIL_AUDIT_HOOK_H
#define FIL_AUDIT_HOOK_H

#include <stdbool.h>

#include "attribute/python_api.h"

bool audit_hook_can_be(void);

/* Before the interpreter starts. False if there is no memory. One at a time. */
bool audit_hook_add(python_audit_hook *hook);

/* From within the hook, while there is one thread. */
void audit_hook_remove(void);

#endif
