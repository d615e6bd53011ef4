#include "attribute/child_cache.h"

#include "attribute/code_facts.h"
#include "attribute/code_registry.h"
#include "attribute/tasks.h"
#include "attribute/walker.h"
#include "state.h"

/* Can a complete frame also be at this instruction, before the first traceable one? Up to 3.12 a generator that has not
 * begun is still at the instruction that made it, and stays there if an exception is thrown into it. One instruction
 * that drops the sent value follows. */
static bool may_be_of_generator(uintptr_t code, uintptr_t instruction)
{
    const struct fil_layout *layout = &walker.layout;
    int32_t maker = (load_int(code + layout->code_first_traceable) - 2) * CODE_UNIT_BYTES;
    return layout->minor_version < 13 && code_offset(layout, code, instruction) == maker;
}

/* Sets *keeps if the result can be cached. */
static uint32_t look_up_child(struct thread_context *context, uint32_t parent, const struct cached_frame *entry,
                              bool *keeps)
{
    const struct fil_layout *layout = &walker.layout;
    if (layout->frame_owner != 0 && *(const uint8_t *)(entry->frame + layout->frame_owner) >= layout->shim_owner) {
        *keeps = true;
        return parent; /* not a Python function: it adds nothing to the call stack */
    }
    uintptr_t code = untagged(load_address(entry->frame + layout->frame_code));
    uintptr_t instruction = layout->form == INSTRUCTION_POINTER ? entry->instruction : entry->index;
    if (is_incomplete_frame(entry->frame, code, instruction)) {
        *keeps = !may_be_of_generator(code, instruction);
        return parent;
    }
    bool locked = state_enter();
    uint32_t node = FIL_NODE_LOST;
    uint32_t start = FIL_NODE_NONE;
    /* Else `parent` may be of another session: attribute_revalidate walks again. */
    bool current = state.tracking && context->checked_generation == state.generation;
    uint32_t number = current ? code_registry_number(code, entry->frame) : 0;
    *keeps = number != 0;
    if (number != 0) {
        if (task_at(context, (uint32_t)(entry - context->frames), number, &start)) {
            *keeps = false; /* next time it may belong to another task */
            parent = start == FIL_NODE_NONE ? parent : start;
        }
        node = code_registry_child(parent, number, code_offset(layout, code, instruction));
    }
    state_leave(locked);
    return node;
}

uint32_t learn_child(struct thread_context *context, uint32_t parent, const struct cached_frame *entry, uintptr_t key)
{
    bool keeps;
    uint32_t node = look_up_child(context, parent, entry, &keeps);
    if (node == FIL_NODE_LOST || key == 0 || !keeps) {
        return node;
    }
    struct cached_child *known = known_place(context, parent, key);
    if ((known->salted_parent & ~(BLOCK_NODE_LIMIT - 1)) == context->salt && known->key != 0) {
        context->known_replaced += 1;
        if (context->known_replaced > context->known_count / 4) {
            thread_context_know_more(context);
            known = known_place(context, parent, key);
        }
    }
    *known = (struct cached_child){.key = key, .salted_parent = parent | context->salt, .node = node};
    return node;
}
