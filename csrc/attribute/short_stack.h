/* Stacks of a few frames, where instructions are addresses: most events of most programs. */
#ifndef FIL_SHORT_STACK_H
#define FIL_SHORT_STACK_H

#include <stdint.h>

#include "attribute/inline.h"
#include "attribute/known_children.h"
#include "attribute/thread_context.h"
#include "attribute/walker.h"

/* The common case in few instructions, for 1 to walker.short_stack cached frames: the innermost is that of the last event, at
 * an instruction that was met before. FIL_NODE_NONE where it is not that. */
INLINE uint32_t same_short_stack(struct thread_context *context, uintptr_t innermost)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    uint32_t depth = context->depth;
    struct cached_frame *frames = context->frames;
    struct cached_frame *leaf = frames + depth - 1;
    if (leaf->frame != innermost || load_address(innermost + previous) != leaf->previous) {
        return FIL_NODE_NONE;
    }
    for (const struct cached_frame *entry = leaf; entry-- != frames;) {
        if (load_address(entry->frame + previous) != entry->previous ||
            load_address(entry->frame + instruction) != entry->instruction) {
            return FIL_NODE_NONE;
        }
    }
    uintptr_t key = load_address(innermost + instruction);
    if (key == leaf->instruction) {
        return leaf->node; /* which is the latest already */
    }
    uint32_t parent = depth == 1 ? context->start_node : leaf[-1].node;
    const struct known_child *known = known_place(context, parent, key);
    if (known->key != key || known->salted_parent != (parent | context->salt)) {
        return FIL_NODE_NONE;
    }
    leaf->instruction = key;
    leaf->node = known->node;
    __atomic_store_n(&context->latest, known->node, __ATOMIC_RELAXED);
    return known->node;
}

/* The same where functions were called, or returned, since the last event. FIL_NODE_NONE if the stack is not short. */
__attribute__((noinline)) uint32_t short_stack_moved(struct thread_context *context, uintptr_t innermost);

#endif
