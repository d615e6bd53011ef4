#include "attribute/task_walk.h"

#include "attribute/frame_walk.h"
#include "attribute/short_stack.h"
#include "attribute/task_functions.h"
#include "attribute/task_objects.h"
#include "state.h"

static bool unchanged(const struct thread_context *context)
{
    uint32_t at = context->handed_at;
    if (at >= context->depth || context->frames[at].frame != context->handed_frame ||
        ledger_node(&state.ledger, context->frames[at].node)->code != context->handed_function) {
        return false;
    }
    const struct task_function *kind = context->task_function;
    uintptr_t object = handed_object(context->handed_frame, kind->holds, kind->variable);
    return object == context->handed_value && handed_maker(object, kind->holds) == context->handed_maker;
}

/* After a walk of a thread that runs handed work: is it still the same work? */
static bool still_the_same(const struct thread_context *context)
{
    bool locked = state_enter();
    /* If tracking has ended meanwhile, or begun again, attribute_still walks anew. */
    bool current = state.tracking && context->checked_generation == state.generation;
    bool same = !current || unchanged(context);
    state_leave(locked);
    return same;
}

uint32_t task_walk(struct thread_context *context, uintptr_t thread_state, uintptr_t innermost)
{
    uint32_t node = same_short_stack(context, innermost);
    if (node == FIL_NODE_NONE) {
        node = frame_walk(context, thread_state, innermost);
    }
    if (context->handed_at != NOT_HANDED && !still_the_same(context)) {
        context->depth = 0;
        context->handed_at = NOT_HANDED;
        node = frame_walk(context, thread_state, innermost);
    }
    return node;
}
