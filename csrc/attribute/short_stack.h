/* Stacks of a few frames, where instructions are addresses: most events of most programs. */
#ifndef FIL_SHORT_STACK_H
#define FIL_SHORT_STACK_H

#include <assert.h>
#include <stdint.h>

#include "attribute/inline.h"
#include "attribute/child_cache.h"
#include "attribute/thread_context.h"
#include "attribute/walker.h"

static_assert(SHORT_STACK == 12, "same_outer_frames_again has a comparison for each frame but the innermost");

/* Are the outermost `count` of the cached frames where they were? `frame` is the innermost of them, from the link just
 * read. From the inside out: the link of each inner frame has the address of the next. */
INLINE bool same_outer_frames(const struct cached_frame *frames, uint32_t count, uintptr_t frame)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    const struct cached_frame *entry = frames + count;
    while (entry != frames) {
        entry--;
        uintptr_t caller = entry->previous;
        if (load_address(frame + previous) != caller || load_address(frame + instruction) != entry->instruction) {
            return false;
        }
        frame = caller;
    }
    return true;
}

/* Unrolled: a third fewer instructions when the depth repeats; mispredicts when it varies. */
INLINE bool same_outer_frames_again(const struct cached_frame *frames, uint32_t count, uintptr_t frame)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    uintptr_t caller;
    switch (count) {
#define COMPARE(at, known_caller)                                                                                  \
case (at) + 1:                                                                                                     \
    caller = known_caller;                                                                                         \
    if (load_address(frame + previous) != caller || load_address(frame + instruction) != frames[at].instruction) { \
        return false;                                                                                              \
    }                                                                                                              \
    frame = caller;                                                                                                \
    __attribute__((fallthrough))
        COMPARE(10, frames[9].frame);
        COMPARE(9, frames[8].frame);
        COMPARE(8, frames[7].frame);
        COMPARE(7, frames[6].frame);
        COMPARE(6, frames[5].frame);
        COMPARE(5, frames[4].frame);
        COMPARE(4, frames[3].frame);
        COMPARE(3, frames[2].frame);
        COMPARE(2, frames[1].frame);
        COMPARE(1, frames[0].frame);
        COMPARE(0, frames[0].previous);
#undef COMPARE
    case 0:
        return true;
    default:
        __builtin_unreachable(); /* there are fewer than SHORT_STACK */
    }
}

/* The common case in few instructions: 1 to walker.short_stack cached frames, and the innermost is that of the last
 * event, or its caller, at an instruction seen before. Else FIL_NODE_NONE; a frame that has returned may be forgotten
 * then. */
INLINE uint32_t same_short_stack(struct thread_context *context, uintptr_t innermost)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    uint32_t outer = context->depth - 1;
    if (outer >= walker.short_stack) {
        return FIL_NODE_NONE;
    }
    struct cached_frame *frames = context->frames;
    struct cached_frame *leaf = frames + outer;
    if (LIKELY(leaf->frame == innermost)) {
        if (load_address(innermost + previous) != leaf->previous ||
            !same_outer_frames_again(frames, outer, leaf->previous)) {
            return FIL_NODE_NONE;
        }
    } else { /* a function has returned, or was called */
        if (outer == 0 || leaf[-1].frame != innermost) {
            return FIL_NODE_NONE;
        }
        leaf -= 1;
        context->depth = outer;
        if (load_address(innermost + previous) != leaf->previous ||
            !same_outer_frames(frames, outer - 1, leaf->previous)) {
            return FIL_NODE_NONE;
        }
    }
    uint32_t node = leaf->node;
    uintptr_t key = load_address(innermost + instruction);
    if (key != leaf->instruction) {
        uint32_t parent = leaf == frames ? context->outer_node : leaf[-1].node;
        const struct cached_child *known = known_place(context, parent, key);
        if (known->key != key || known->salted_parent != (parent | context->salt)) {
            return FIL_NODE_NONE;
        }
        node = known->node;
        leaf->instruction = key;
        leaf->node = node;
    }
    __atomic_store_n(&context->latest, node, __ATOMIC_RELAXED);
    return node;
}

/* The same if functions were called, or returned, since the last event. FIL_NODE_NONE if the stack is not short. */
__attribute__((noinline)) uint32_t short_stack_moved(struct thread_context *context, uintptr_t innermost);

#endif
