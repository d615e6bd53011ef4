#include "attribute/short_stack.h"

/* All frames are found first, then compared from the root on: up to the first that differs the cache is right, and from
 * there on each is looked up. On so few frames that is quicker than to find where the two stacks meet. */
uint32_t short_stack_moved(struct thread_context *context, uintptr_t innermost)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    uintptr_t found[SHORT_STACK];
    uint32_t depth = 0;
    for (uintptr_t frame = innermost; frame != 0; frame = load_address(frame + previous)) {
        if (depth == SHORT_STACK) {
            return FIL_NODE_NONE;
        }
        found[depth++] = frame;
    }
    struct cached_frame *entry = context->frames;
    struct cached_frame *known_end = entry + (context->depth < depth ? context->depth : depth);
    uint32_t node = context->start_node;
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
    for (; frame != found; at++) {
        entry->previous = frame == found + depth ? 0 : *frame;
        frame -= 1;
        entry->frame = *frame;
        entry->instruction = load_address(*frame + instruction);
        context->where[where_slot(*frame)] = at;
        node = child_of(context, node, entry, true);
        entry->node = node;
        entry += 1;
    }
    context->depth = depth;
    __atomic_store_n(&context->latest, node, __ATOMIC_RELAXED);
    return node;
}
