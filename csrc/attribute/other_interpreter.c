#include "attribute/other_interpreter.h"

#include <stddef.h>

#include "attribute/marks.h"
#include "attribute/task_walk.h"
#include "attribute/walker.h"
#include "state.h"

#define GRANULE 16u
#define MOST_BEFORE 64u /* a debugging allocator puts less than this before its blocks */
#define NO_BLOCK 1u     /* never freed while Python runs: no address */

/* The recorded block that contains the state, marked so that its end is seen; 0 if none is recorded. Inside an
 * event. */
static uintptr_t mark_block(uintptr_t thread_state)
{
    for (uintptr_t before = MOST_BEFORE; before != 0;) {
        before -= GRANULE;
        uint32_t *slot = block_slot(&state.ledger.blocks, thread_state - before);
        if (slot != NULL && slot[0] != 0 && block_read(slot).bytes > before) {
            if (block_read(slot).bytes < BLOCK_MARK_BYTES) {
                return 0;
            }
            block_set_mark(slot, BLOCK_OF_THREAD_STATE, FIL_NODE_ROOT);
            return thread_state - before;
        }
    }
    return 0;
}

void thread_state_adopt(struct thread_context *context, uintptr_t thread_state)
{
    context->state_block = NO_BLOCK;
    if (!platform_is_first_thread()) {
        bool locked = state_enter();
        context->state_block = state.tracking ? mark_block(thread_state) : 0;
        state_leave(locked);
    }
    context->thread_state = thread_state;
}

void thread_state_freed(uintptr_t address)
{
    thread_contexts_forget_state(address);
}

/* The thread's context for walks there; NULL if there is no memory. */
static struct thread_context *guest_of(struct thread_context *context)
{
    if (context->guest == NULL) {
        context->guest = thread_context_new();
        if (context->guest != NULL) {
            thread_context_clear(context->guest);
            context->guest_start = FIL_NODE_NONE;
        }
    }
    struct thread_context *guest = context->guest;
    if (guest != NULL && guest->checked_generation != context->checked_generation) {
        thread_context_clear(guest);
        guest->checked_generation = context->checked_generation;
        context->guest_start = FIL_NODE_NONE;
    }
    return guest;
}

/* Call stacks there hang below `node`. Returns false if there is no room for that. */
static bool hang_below(struct thread_context *context, struct thread_context *guest, uint32_t node)
{
    if (context->guest_start == node) {
        return true;
    }
    bool locked = state_enter();
    bool current = state.tracking && context->checked_generation == state.generation;
    guest->start_node = current ? mark_callstack(node, FIL_MARK_INTERPRETER) : FIL_NODE_NONE;
    state_leave(locked);
    guest->outer_node = guest->start_node;
    guest->depth = 0;
    guest->task_frame_at = NO_TASK;
    context->guest_start = current ? node : FIL_NODE_NONE;
    return current;
}

uint32_t other_interpreter_node(struct thread_context *context, uintptr_t thread_state)
{
    if (context->state_block == 0) {
        thread_state_adopt(context, thread_state);
        return FIL_NODE_NONE;
    }
    uintptr_t waiting = innermost_frame(context->thread_state);
    uint32_t node = waiting == 0 ? context->start_node : task_walk(context, context->thread_state, waiting);
    uintptr_t innermost = innermost_frame(thread_state);
    struct thread_context *guest = innermost == 0 || node == FIL_NODE_LOST ? NULL : guest_of(context);
    if (guest == NULL || !hang_below(context, guest, node)) {
        return node;
    }
    node = task_walk(guest, thread_state, innermost);
    __atomic_store_n(&context->latest, node, __ATOMIC_RELAXED);
    return node;
}
