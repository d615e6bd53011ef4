#include "attribute/short_stack.h"

/* Add a frame that was not there at the last event to the cached ones. Returns its node. */
INLINE uint32_t push(struct thread_context *context, uint32_t parent, uintptr_t frame, uintptr_t previous)
{
    struct cached_frame *entry = &context->frames[context->depth];
    entry->previous = previous;
    entry->frame = frame;
    entry->instruction = load_address(frame + walker.layout.frame_instruction);
    context->where[where_slot(frame)] = context->depth;
    context->depth += 1;
    entry->node = child_of(context, parent, entry, true);
    return entry->node;
}

/* If the only change since the last event is that the innermost cached frame has called a function; else
 * FIL_NODE_NONE. */
INLINE uint32_t short_stack_called(struct thread_context *context, uintptr_t innermost)
{
    const uintptr_t previous = walker.layout.frame_previous;
    uintptr_t caller = load_address(innermost + previous);
    uint32_t outer = context->depth - 1;
    if (outer >= SHORT_STACK - 1) {
        return FIL_NODE_NONE;
    }
    struct cached_frame *leaf = context->frames + outer;
    if (leaf->frame != caller || load_address(caller + previous) != leaf->previous ||
        !same_outer_frames(context->frames, outer, leaf->previous)) {
        return FIL_NODE_NONE;
    }
    uintptr_t instruction = load_address(caller + walker.layout.frame_instruction);
    if (instruction != leaf->instruction) {
        leaf->instruction = instruction;
        leaf->node = child_of(context, outer == 0 ? context->outer_node : leaf[-1].node, leaf, true);
    }
    context->joined = context->depth < context->joined ? context->depth : context->joined;
    return push(context, leaf->node, innermost, caller);
}

/* All frames are found first, then compared from the root on: up to the first difference the cache is right, and from
 * there on each is looked up. For so few frames that is faster than to find where the two stacks meet. */
uint32_t short_stack_moved(struct thread_context *context, uintptr_t innermost)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    uint32_t called = short_stack_called(context, innermost);
    if (called != FIL_NODE_NONE) {
        __atomic_store_n(&context->latest, called, __ATOMIC_RELAXED);
        return called;
    }
    uintptr_t found[SHORT_STACK];
    uint32_t depth = 0;
    uintptr_t end = innermost;
    for (; !is_walks_end(end); end = load_address(end + previous)) {
        if (depth == SHORT_STACK) {
            return FIL_NODE_NONE;
        }
        found[depth++] = end;
    }
    uint32_t node = node_at_end(context, end);
    if (node != context->outer_node) {
        context->outer_node = node;
        context->depth = 0;
    }
    const struct cached_frame *entry = context->frames;
    const struct cached_frame *known_end = entry + (context->depth < depth ? context->depth : depth);
    const uintptr_t *frame = found + depth;
    for (; entry != known_end; entry++) {
        frame -= 1;
        if (entry->frame != *frame || entry->instruction != load_address(*frame + instruction)) {
            frame += 1;
            break;
        }
        node = entry->node;
    }
    uint32_t at = (uint32_t)(entry - context->frames);
    context->joined = at < context->joined ? at : context->joined;
    context->depth = at;
    while (frame != found) {
        uintptr_t outer = frame == found + depth ? end : *frame;
        frame -= 1;
        node = push(context, node, *frame, outer);
    }
    __atomic_store_n(&context->latest, node, __ATOMIC_RELAXED);
    return node;
}
