#include "attribute/attribute.h"

#include <stddef.h>
#include <string.h>

#include "attribute/code_facts.h"
#include "attribute/code_registry.h"
#include "attribute/frame_walk.h"
#include "attribute/inline.h"
#include "attribute/marks.h"
#include "attribute/other_interpreter.h"
#include "attribute/python_calls.h"
#include "attribute/python_end.h"
#include "attribute/shadow_stack.h"
#include "attribute/short_stack.h"
#include "attribute/task_functions.h"
#include "attribute/task_walk.h"
#include "attribute/tasks.h"
#include "attribute/thread_context.h"
#include "attribute/walker.h"
#include "state.h"

/* A library's own thread works for its submitter, most often its creator, which waits for it: so the creator's latest
 * call stack is the best guess, and the mark shows that it is one. As long as the creator has not moved on from where
 * it started the thread, or if it is gone, the thread belongs there. */
static uint32_t worker_node(struct thread_context *context)
{
    const struct thread_origin *origin = &thread_local_state.origin;
    const struct thread_context *creator = origin->creator;
    if (creator == NULL) {
        return context->start_node;
    }
    uint32_t session = __atomic_load_n(&state.session, __ATOMIC_RELAXED);
    uint32_t latest = __atomic_load_n(&creator->latest, __ATOMIC_RELAXED);
    if (__atomic_load_n(&creator->reuse_count, __ATOMIC_ACQUIRE) != origin->creator_reuse_count ||
        latest < FIL_NODE_FIRST || __atomic_load_n(&creator->session, __ATOMIC_RELAXED) != session ||
        (latest == origin->creator_node && origin->session == session)) {
        return context->start_node;
    }
    if (latest != context->worker_parent) {
        bool locked = state_enter();
        context->worker_node = FIL_NODE_LOST;
        if (state.tracking && latest < state.ledger.callstacks.used) {
            context->worker_node = ledger_child(&state.ledger, latest, 0, FIL_MARK_WORKER);
        }
        state_leave(locked);
        context->worker_parent = context->worker_node == FIL_NODE_LOST ? FIL_NODE_NONE : latest;
    }
    return context->worker_node;
}

/* Has interpreter shutdown begun, without a notification so far? */
static bool finalization_has_begun(void)
{
    return !state.finalizing && walker.finalization != NULL && walker.is_finalizing() != 0;
}

static void look_for_end(void)
{
    const struct thread_context *context = thread_local_state.context;
    if (context != NULL && context->of_first_thread && walker.finalization != NULL && walker.is_finalizing() != 0) {
        walker.finalization();
    }
}

/* No Python function runs in this thread. In the first thread this is so before and after the program; shutdown is
 * mostly noticed at one of the events after it. */
static __attribute__((cold, noinline)) uint32_t without_frames(const struct thread_context *context)
{
    look_for_end();
    return context->start_node;
}

/* A thread unknown to Python has no frames, unless no thread states are used. */
static __attribute__((cold, noinline)) uint32_t without_thread_state(struct thread_context *context)
{
    if (!shadow_stack_prepared()) {
        return worker_node(context);
    }
    uint32_t node = shadow_stack_node(context->start_node);
    if (node == context->start_node) {
        return without_frames(context);
    }
    context->latest = node;
    return node;
}

/* The generation has changed, or the thread runs code in another interpreter, or submitted work, where only the frame
 * shows that it is now another task's. */
static __attribute__((noinline)) uint32_t attribute_with_care(struct thread_context *context)
{
    uint32_t generation = __atomic_load_n(&state.generation, __ATOMIC_ACQUIRE);
    if (context->checked_generation != generation) { /* a code object in use was freed: the caches may be wrong */
        if (state.finalizing && !context->of_first_thread && !thread_local_state.finalizes) {
            return thread_start_node(); /* the context may be from an earlier session */
        }
        thread_context_clear(context);
        thread_context_find_start(context);
        context->checked_generation = generation;
    }
    context->generation = generation - (context->task_frame_at != NO_TASK); /* also for the returns below */
    uintptr_t thread_state = (uintptr_t)walker.thread_state();
    if (thread_state == 0) {
        return without_thread_state(context);
    }
    if (context->thread_state == NO_THREAD_STATE) {
        thread_state_adopt(context, thread_state);
    } else if (context->thread_state != thread_state) {
        uint32_t there = other_interpreter_node(context, thread_state);
        if (there != FIL_NODE_NONE) {
            context->generation = generation - (context->task_frame_at != NO_TASK);
            return there;
        }
    }
    uintptr_t innermost = innermost_frame(thread_state);
    if (is_walks_end(innermost)) {
        return without_frames(context);
    }
    uint32_t node = task_walk(context, thread_state, innermost);
    context->generation = generation - (context->task_frame_at != NO_TASK);
    return node;
}

uint32_t attribute_current_callstack(void)
{
    struct thread_context *context = thread_local_state.context;
    if (context == NULL) {
        context = thread_context_obtain();
        if (context == NULL) { /* after a thread's end there is no Python stack left to walk; else there is no memory */
            return thread_local_state.ended ? thread_start_node() : FIL_NODE_LOST;
        }
    }
    if (!context->of_first_thread &&
        finalization_has_begun()) { /* the first thread is about to free this one's state */
        state.finalizing = true;
        __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
    }
    if (context->generation != __atomic_load_n(&state.generation, __ATOMIC_RELAXED)) {
        return attribute_with_care(context);
    }
    uintptr_t thread_state = (uintptr_t)walker.thread_state();
    if (thread_state == 0) {
        return without_thread_state(context);
    }
    if (context->thread_state != thread_state) { /* the first one, or another interpreter's */
        return attribute_with_care(context);
    }
    uintptr_t innermost = innermost_frame(thread_state);
    if (is_walks_end(innermost)) {
        return without_frames(context);
    }
    uint32_t node = same_short_stack(context, innermost);
    return LIKELY(node != FIL_NODE_NONE) ? node : frame_walk(context, thread_state, innermost);
}

uint32_t attribute_moved(uintptr_t innermost)
{
    struct thread_context *context = thread_local_state.context;
    return is_walks_end(innermost) ? without_frames(context) : frame_walk(context, context->thread_state, innermost);
}

struct thread_origin attribute_thread_start(void)
{
    uint32_t session = __atomic_load_n(&state.session, __ATOMIC_ACQUIRE);
    uint32_t node = attribute_current_callstack();
    const struct thread_context *context = thread_local_state.context;
    if (context == NULL || context->latest == FIL_NODE_NONE) { /* no Python frames so far: same origin as this thread */
        struct thread_origin same = thread_local_state.origin;
        same.session = session;
        same.start_node = thread_start_node();
        memset(same.name, 0, sizeof same.name);
        return same;
    }
    bool locked = state_enter();
    if (!state.tracking) {
        state_leave(locked);
        return (struct thread_origin){.creator = NULL};
    }
    node = attribute_revalidate(node);
    struct thread_origin origin = {.creator = context,
                                   .creator_reuse_count = context->reuse_count,
                                   .creator_node = node,
                                   .session = state.session};
    uintptr_t thread = started_thread(context, node);
    ledger_thread_note(&state.ledger, thread_record(), node);
    origin.start_node = mark_callstack(node, FIL_MARK_THREAD);
    state_leave(locked);
    if (thread != 0) { /* so the caller is the interpreter's own thread module, which holds the GIL */
        python_calls_thread_name(thread, origin.name, sizeof origin.name);
        python_calls_number_jobs();
    }
    return origin;
}

struct thread_origin attribute_idle_thread_start(void)
{
    struct thread_origin origin = thread_local_state.origin;
    memset(origin.name, 0, sizeof origin.name);
    bool of_python = walker.thread_state != NULL && walker.thread_state() != NULL;
    if (of_python || origin.creator == NULL) {
        const struct thread_context *context = thread_context_obtain();
        origin.creator = context;
        origin.creator_reuse_count = context == NULL ? 0 : context->reuse_count;
    }
    return origin;
}

void attribute_thread_begin(const struct thread_origin *origin)
{
    thread_local_state.origin = *origin;
}

void attribute_thread_end(void)
{
    shadow_stack_end();
    thread_context_release();
}

void attribute_begin(void (*finalization)(void))
{
    python_calls_prepare();
    walker.is_finalizing = python_end_question();
    walker.finalization = walker.is_finalizing == NULL ? NULL : finalization;
    python_end_prepare(look_for_end);
    if (shadow_stack_prepared()) {
        shadow_stack_install();
    }
}

void attribute_end(void)
{
    __atomic_store_n(&walker.base, 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
    code_registry_end();
    task_functions_end();
    thread_contexts_empty();
}

void attribute_leave(void)
{
    if (shadow_stack_prepared()) {
        shadow_stack_remove();
    }
}

bool attribute_may_begin_again(void)
{
    return !shadow_stack_prepared(); /* another thread may still use its list of frames in its profile function */
}

uint32_t attribute_revalidate(uint32_t node)
{
    const struct thread_context *context = thread_local_state.context;
    bool still = context != NULL && context->checked_generation == state.generation;
    return still || shadow_stack_prepared() ? node : attribute_current_callstack();
}

void attribute_marked_block_freed(uintptr_t address, uint32_t mark)
{
    if (mark == BLOCK_OF_THREAD_STATE) {
        thread_state_freed(address);
        return;
    }
    code_registry_forget(address);
    __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
}

void attribute_base(uintptr_t code)
{
    __atomic_store_n(&walker.base, 0, __ATOMIC_RELAXED);
    uint32_t node = code == 0 ? FIL_NODE_NONE : attribute_current_callstack();
    const struct thread_context *context = thread_local_state.context;
    if (node >= FIL_NODE_FIRST && context != NULL && context->depth != 0) {
        uintptr_t frame = context->frames[context->depth - 1].frame;
        if (untagged(load_address(frame + walker.layout.frame_code)) == code) {
            walker.base_node = node;
            __atomic_store_n(&walker.base, frame, __ATOMIC_RELEASE);
        }
    }
    __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE); /* the caches go down to the root */
}

void attribute_finalizing(void)
{
    __atomic_store_n(&walker.base, 0, __ATOMIC_RELAXED);
    thread_local_state.finalizes = true;
    state.finalizing = true;
    walker.finalization = NULL;
    __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
}

/* A frame's current state, without caches. Returns false if the interpreter does not show it. */
static bool frame_now(uintptr_t frame, struct fil_observed_frame *seen)
{
    const struct fil_layout *layout = &walker.layout;
    if (layout->frame_owner != 0 && *(const uint8_t *)(frame + layout->frame_owner) >= layout->shim_owner) {
        return false;
    }
    seen->code = untagged(load_address(frame + layout->frame_code));
    uintptr_t instruction = layout->form == INSTRUCTION_POINTER
                                ? load_address(frame + layout->frame_instruction)
                                : *(const uint32_t *)(frame + layout->frame_instruction);
    seen->offset = code_offset(layout, (uintptr_t)seen->code, instruction);
    return !is_incomplete_frame(frame, (uintptr_t)seen->code, instruction);
}

int32_t attribute_current(struct fil_observed_frame *frames, uint32_t capacity)
{
    uint32_t node = attribute_current_callstack();
    bool locked = state_enter();
    node = attribute_revalidate(node); /* as at an event: another thread may have freed a code object meanwhile */
    state_leave(locked);
    const struct thread_context *context = thread_local_state.context;
    if (context == NULL || node == FIL_NODE_LOST) {
        return FIL_ERROR_MEMORY;
    }
    uint32_t count = 0;
    for (uint32_t at = context->depth; at-- > 0 && count < capacity;) {
        const struct cached_frame *entry = &context->frames[at];
        uint32_t outer = at == 0 ? context->outer_node : context->frames[at - 1].node;
        const struct fil_node *node_of_entry = ledger_node(&state.ledger, entry->node);
        if (entry->node == outer || node_of_entry->code == 0) { /* a shim; a frame of an import */
            continue;
        }
        frames[count].code = untagged(load_address(entry->frame + walker.layout.frame_code));
        frames[count].offset = node_of_entry->offset;
        count += 1;
    }
    uintptr_t below = context->depth != 0 && context->outer_node != context->start_node ? walker.base : 0;
    for (; below != 0 && count < capacity; below = load_address(below + walker.layout.frame_previous)) {
        count += frame_now(below, &frames[count]) ? 1 : 0;
    }
    return (int32_t)count;
}
