#include "attribute/task_walk.h"

#include "attribute/frame_walk.h"
#include "attribute/short_stack.h"
#include "attribute/task_functions.h"
#include "attribute/task_objects.h"
#include "state.h"

static bool unchanged(const struct thread_context *context)
{
    uint32_t at = context->task_frame_at;
    if (at >= context->depth || context->frames[at].frame != context->task_frame ||
        ledger_node(&state.ledger, context->frames[at].node)->code != context->task_code) {
        return false;
    }
    const struct task_function *kind = context->task_function;
    uintptr_t object = task_object(context->task_frame, kind->holds, kind->variable);
    return object == context->task_value && task_submitter(object, kind->holds) == context->task_submitter;
}

/* After a walk of a thread that runs submitted work: is it still the same work? */
static bool still_the_same(const struct thread_context *context)
{
    bool locked = state_enter();
    /* If tracking has ended or restarted meanwhile, attribute_revalidate walks again. */
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
    if (context->task_frame_at != NO_TASK && !still_the_same(context)) {
        context->depth = 0;
        context->task_frame_at = NO_TASK;
        node = frame_walk(context, thread_state, innermost);
    }
    return node;
}
