/* What the files of attribute/ share: the chosen layout and how to find a thread's state. */
#ifndef FIL_WALKER_H
#define FIL_WALKER_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/layouts/layout.h"

#define SHORT_STACK 12u /* up to so many frames a stack has a way of its own: short_stack.h */

struct walker {
    /* CPython's PyGILState_GetThisThreadState: right while the GIL is released, NULL in threads that Python never met. */
    void *(*thread_state)(void);
    /* The state that holds the GIL, in half a dozen instructions: CPython's PyThreadState_GetUnchecked; else `thread_state`. */
    void *(*running_state)(void);
    struct fil_layout layout;
    uint32_t short_stack; /* SHORT_STACK, or 0 where the layout does not allow it */
    uint32_t python_version;
    uint32_t stacks; /* enum fil_stacks */
    bool selected;
    bool accepted;
};

extern struct walker walker;

static inline uintptr_t load_address(uintptr_t at)
{
    return *(const uintptr_t *)at;
}

/* Before 3.14 the reference is a plain pointer; from then on its two low bits are a tag. */
static inline uintptr_t untagged(uintptr_t reference)
{
    return reference & ~(uintptr_t)3;
}

#endif
