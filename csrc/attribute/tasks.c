#include "attribute/tasks.h"

#include <stddef.h>

#include "attribute/marks.h"
#include "attribute/task_functions.h"
#include "attribute/task_objects.h"
#include "attribute/walker.h"
#include "state.h"

#define CHANGES 1u                 /* no object: each event has to check again */
#define FIRST_THREAD 1u            /* its number */
#define FIRST_TRACEABLE_BEFORE 16u /* from 3.11 on, in a code object, the bytes from that field to the bytecode */

static const struct task_function coroutine = {"", "", "", 0, TASK_COROUTINE};

static bool runs_work(const struct task_function *kind)
{
    return kind != NULL && kind->holds != STARTED_THREAD;
}

/* The mark above `maker`, if there are only an event loop's own functions between: then the work is a further step of
 * that mark's task. Else FIL_NODE_NONE. */
static uint32_t goes_on_at(uint32_t maker)
{
    while (maker >= FIL_NODE_FIRST) {
        const struct fil_node *node = ledger_node(&state.ledger, maker);
        if (node->code == 0) {
            return node->offset == FIL_MARK_TASK ? maker : FIL_NODE_NONE;
        }
        if (!task_functions_are_around(node->code)) {
            return FIL_NODE_NONE;
        }
        maker = ledger_parent(&state.ledger, maker);
    }
    return FIL_NODE_NONE;
}

/* The mark below `maker`, for the calling thread's frames. FIL_NODE_NONE if there is no room. */
static uint32_t mark_below(struct thread_context *context, uint32_t maker, enum task_kind holds)
{
    if (maker == context->marked_maker) {
        return context->marked_start;
    }
    bool task = holds == TASK_HANDLE || holds == TASK_ASYNCIO || holds == TASK_COROUTINE;
    uint32_t start = task ? goes_on_at(maker) : FIL_NODE_NONE;
    if (start == FIL_NODE_NONE) {
        start = mark_callstack(maker, task ? FIL_MARK_TASK : FIL_MARK_SUBMITTED);
    }
    const struct fil_thread *thread = thread_record();
    if (thread != NULL && !(task && thread->number == FIRST_THREAD)) { /* loops mostly run where their tasks are made */
        ledger_thread_link(&state.ledger, thread, start);
    }
    context->marked_maker = maker;
    context->marked_start = start == maker ? FIL_NODE_NONE : start;
    return context->marked_start;
}

/* From 3.11 on a coroutine is made by its own function's frame, before that begins: then its caller is the maker. */
static uint32_t caller_of_coroutine(uint32_t maker, uint32_t number, uintptr_t frame)
{
    const struct fil_layout *layout = &walker.layout;
    const struct fil_node *node = ledger_node(&state.ledger, maker);
    if (maker < FIL_NODE_FIRST || node->code != number || layout->code_bytecode == 0) {
        return maker;
    }
    uintptr_t code = untagged(load_address(frame + layout->frame_code));
    int32_t first = *(const int32_t *)(code + layout->code_bytecode - FIRST_TRACEABLE_BEFORE);
    return node->offset < first * CODE_UNIT_BYTES ? ledger_parent(&state.ledger, maker) : maker;
}

bool task_at(struct thread_context *context, uint32_t at, uint32_t number, uint32_t *start)
{
    if (!task_functions_were_met() || walker.layout.frame_locals == 0) {
        return false;
    }
    const struct task_function *kind = task_function_of(number);
    /* While 3.9 throws into a coroutine that waits for another, it leaves out all frames below the outer one. */
    if (kind == NULL && (task_functions_are_coroutines() || at == 0) && task_coroutine_begins(context, at)) {
        kind = &coroutine;
    }
    if (!runs_work(kind)) {
        return false;
    }
    bool within_other = context->task_frame_at < at;
    uintptr_t frame = context->frames[at].frame;
    uintptr_t object = task_object(frame, kind->holds, kind->variable);
    uint32_t maker = task_submitter(object, kind->holds);
    context->task_frame_at = at;
    context->task_frame = frame;
    context->task_function = kind;
    context->task_code = number;
    context->task_value = object;
    context->task_submitter = maker;
    context->generation = context->checked_generation - 1; /* so that each event checks whether it is still the same */
    *start = FIL_NODE_NONE;
    if (maker != FIL_NODE_NONE) {
        maker = kind == &coroutine ? caller_of_coroutine(maker, number, frame) : maker;
        *start = mark_below(context, maker, kind->holds);
    } else if (within_other) { /* then the other task decides, which is not checked */
        context->task_value = CHANGES;
    }
    return true;
}

uintptr_t started_thread(const struct thread_context *context, uint32_t node)
{
    const struct task_function *kind = task_function_of(ledger_node(&state.ledger, node)->code);
    bool starts = kind != NULL && kind->holds == STARTED_THREAD && context->depth != 0 &&
                  walker.layout.frame_locals != 0 && context->frames[context->depth - 1].node == node;
    return starts ? frame_variable(context->frames[context->depth - 1].frame, kind->variable) : 0;
}
