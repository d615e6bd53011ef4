/* What the files of attribute/ share: the chosen layout and how to find a thread's state. */
#ifndef FIL_WALKER_H
#define FIL_WALKER_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/layouts/layout.h"
#include "attribute/layouts/objects.h"

#define OWNED_BY_GENERATOR 1u /* the owner of a generator's frame, in every version in which frames have one */
#define CODE_UNIT_BYTES 2     /* of bytecode */
#define SHORT_STACK 12u       /* up to this many frames a stack takes the short path: short_stack.h */

struct walker {
    /* CPython's PyGILState_GetThisThreadState: correct while the GIL is released, NULL in threads unknown to Python. */
    void *(*thread_state)(void);
    /* The state that holds the GIL, in half a dozen instructions: CPython's PyThreadState_GetUnchecked; else
     * `thread_state`. */
    void *(*running_state)(void);
    int (*is_finalizing)(void); /* CPython's Py_IsFinalizing */
    void (*finalization)(void); /* to be called when interpreter shutdown has begun */
    struct fil_layout layout;
    struct object_layout objects; /* all 0 if the layout was measured */
    uintptr_t coroutine_type;     /* the type of coroutines; 0: not known */
    uintptr_t base;       /* a frame that exists until it is cleared, as do all frames below it: a walk ends before it.
                           * 0: there is none */
    uint32_t base_node;   /* its call stack */
    uint32_t short_stack; /* SHORT_STACK, or 0 if the layout does not allow it */
    uint32_t python_version;
    uint32_t stacks;    /* enum fil_stacks */
    bool free_threaded; /* if the layout is known */
    bool selected;
    bool accepted;
};

extern struct walker walker;

static inline uintptr_t load_address(uintptr_t at)
{
    return *(const uintptr_t *)at;
}

static inline int32_t load_int(uintptr_t at)
{
    return *(const int32_t *)at;
}

/* Before 3.14 the reference is a plain pointer; from then on its two low bits are a tag. */
static inline uintptr_t untagged(uintptr_t reference)
{
    return reference & ~(uintptr_t)3;
}

/* The interpreter (sys._getframe, tracebacks) does not show incomplete frames: a frame that still makes the cells of
 * its variables, or the generator which its call returns, is before the first traceable instruction of its bytecode.
 * `code`, `first_traceable`: of the frame's function. Not for shims. */
static inline bool is_incomplete(const struct fil_layout *layout, uint8_t owner, uintptr_t instruction, uintptr_t code,
                                 int32_t first_traceable)
{
    intptr_t offset = (intptr_t)(instruction - (code + layout->code_bytecode));
    return owner != OWNED_BY_GENERATOR && offset < (intptr_t)first_traceable * CODE_UNIT_BYTES;
}

/* The same for a frame that can be read. */
static inline bool is_incomplete_frame(uintptr_t frame, uintptr_t code, uintptr_t instruction)
{
    const struct fil_layout *layout = &walker.layout;
    uint8_t owner = layout->frame_owner == 0 ? 0 : *(const uint8_t *)(frame + layout->frame_owner);
    return layout->code_first_traceable != 0 &&
           is_incomplete(layout, owner, instruction, code, load_int(code + layout->code_first_traceable));
}

/* Does a walk that reaches `frame` end there? */
static inline bool is_walks_end(uintptr_t frame)
{
    return frame == 0 || frame == __atomic_load_n(&walker.base, __ATOMIC_RELAXED);
}

static inline uintptr_t innermost_frame(uintptr_t thread_state)
{
    uintptr_t holder = thread_state;
    if (walker.layout.state_cframe != 0) {
        holder = load_address(thread_state + walker.layout.state_cframe);
    }
    return load_address(holder + walker.layout.state_frame);
}

#endif
