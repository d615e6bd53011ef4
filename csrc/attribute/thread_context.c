#include "attribute/thread_context.h"

#include <stddef.h>
#include <string.h>

#include "state.h"

#define FIRST_CAPACITY 256u

_Thread_local struct thread_local_state thread_local_state;

static struct thread_context *free_contexts;
static struct thread_context *all_contexts;

bool thread_context_grow(struct thread_context *context)
{
    const struct ledger_storage *storage = &state.ledger.storage;
    uint32_t capacity = context->capacity == 0 ? FIRST_CAPACITY : context->capacity * 2;
    size_t entry = sizeof(struct cached_frame) + 2 * sizeof(uintptr_t);
    bool locked = state_enter();
    char *memory = storage->map_pages(capacity * entry);
    if (memory != NULL) {
        struct cached_frame *frames = (struct cached_frame *)(void *)memory;
        uintptr_t *run_chunk = (uintptr_t *)(void *)(frames + capacity);
        uintptr_t *fresh = run_chunk + capacity;
        if (context->capacity != 0) {
            memcpy(frames, context->frames, context->capacity * sizeof *frames);
            memcpy(run_chunk, context->run_chunk, context->capacity * sizeof *run_chunk);
            memcpy(fresh, context->fresh, context->capacity * sizeof *fresh);
            storage->unmap_pages(context->frames, context->capacity * entry);
        }
        context->frames = frames;
        context->run_chunk = run_chunk;
        context->fresh = fresh;
        context->capacity = capacity;
    }
    state_leave(locked);
    return memory != NULL;
}

void thread_context_clear(struct thread_context *context)
{
    context->depth = 0;
    context->task_frame_at = NO_TASK;
    context->marked_maker = FIL_NODE_NONE;
    context->salt += BLOCK_NODE_LIMIT;
    if (context->salt == 0) { /* all salts are used: old entries would count again */
        memset(context->known, 0, context->known_count * sizeof *context->known);
    }
}

void thread_context_know_more(struct thread_context *context)
{
    const struct ledger_storage *storage = &state.ledger.storage;
    uint32_t count = context->known_count == 0 ? KNOWN_FIRST : context->known_count * 2;
    context->known_replaced = 0;
    if (count > KNOWN_MOST) {
        return;
    }
    bool locked = state_enter(); /* fil_stop clears it */
    struct cached_child *known = storage->map_table(count * sizeof *known);
    if (known != NULL) {
        if (context->known != NULL) {
            storage->unmap_pages(context->known, context->known_count * sizeof *known);
        }
        context->known = known;
        context->known_count = count;
    }
    state_leave(locked);
}

struct thread_context *thread_context_new(void)
{
    const struct ledger_storage *storage = &state.ledger.storage;
    bool locked = state_enter();
    struct thread_context *context = free_contexts;
    if (context != NULL) {
        free_contexts = context->next_free;
    } else {
        context = storage->map_pages(sizeof *context);
        if (context != NULL) {
            context->next = all_contexts;
            all_contexts = context;
        }
    }
    state_leave(locked);
    if (context != NULL && context->known == NULL) {
        thread_context_know_more(context);
    }
    bool whole = context != NULL && context->known != NULL && (context->capacity != 0 || thread_context_grow(context));
    if (context != NULL && !whole) {
        locked = state_enter();
        context->next_free = free_contexts;
        free_contexts = context;
        state_leave(locked);
        return NULL;
    }
    return context;
}

struct thread_context *thread_context_obtain(void)
{
    struct thread_local_state *own = &thread_local_state;
    if (own->context != NULL || own->ended) {
        return own->context;
    }
    if (!state.threads && !platform_is_first_thread()) {
        state.threads = state.several = true; /* a thread that was started without the hooks */
    }
    struct thread_context *context = thread_context_new();
    if (context == NULL) {
        return NULL;
    }
    thread_context_clear(context);
    context->thread_state = NO_THREAD_STATE;
    context->generation = context->checked_generation =
        state.generation - 1; /* so that the first walk checks whether it may run */
    thread_context_find_start(context);
    __atomic_store_n(&context->latest, FIL_NODE_NONE, __ATOMIC_RELAXED);
    own->context = context;
    platform_expect_end(); /* last: it may allocate, which calls this again */
    return context;
}

void thread_context_find_start(struct thread_context *context)
{
    struct thread_local_state *own = &thread_local_state;
    context->start_node = thread_start_node();
    context->of_first_thread = platform_is_first_thread();
    context->worker_parent = FIL_NODE_NONE;
    if (context->session != state.session) {
        context->thread_state = NO_THREAD_STATE; /* its end was not noticed */
        __atomic_store_n(&context->latest, FIL_NODE_NONE, __ATOMIC_RELAXED);
        __atomic_store_n(&context->session, state.session, __ATOMIC_RELAXED);
    }
    if (own->thread_session == state.session) {
        return;
    }
    bool locked = state_enter();
    if (state.tracking) {
        own->thread = ledger_thread_begin(&state.ledger, own->origin.name, thread_start_node());
        own->thread_session = state.session;
    }
    state_leave(locked);
}

struct fil_thread *thread_record(void)
{
    const struct thread_local_state *own = &thread_local_state;
    return state.tracking && own->thread_session == state.session ? own->thread : NULL;
}

uint32_t thread_start_node(void)
{
    const struct thread_origin *origin = &thread_local_state.origin;
    return origin->start_node == 0 || origin->session != state.session ? FIL_NODE_ROOT : origin->start_node;
}

void thread_contexts_empty(void)
{
    const struct ledger_storage *storage = &state.ledger.storage;
    for (struct thread_context *context = all_contexts; context != NULL; context = context->next) {
        if (context->known != NULL) { /* a thread may be in a walk, but an entry of zeros is none */
            storage->empty_pages(context->known, context->known_count * sizeof *context->known);
        }
        __atomic_store_n(&context->latest, FIL_NODE_NONE, __ATOMIC_RELAXED);
    }
}

void thread_contexts_forget_state(uintptr_t block)
{
    for (struct thread_context *context = all_contexts; context != NULL; context = context->next) {
        if (context->state_block == block) {
            context->state_block = 0;
            context->thread_state = NO_THREAD_STATE;
        }
    }
}

static void give_back(struct thread_context *context)
{
    struct thread_context *guest = context->guest;
    context->guest = NULL;
    context->state_block = 0;
    context->next_free = free_contexts;
    free_contexts = context;
    if (guest != NULL) {
        guest->next_free = free_contexts;
        free_contexts = guest;
    }
}

void thread_context_release(void)
{
    struct thread_local_state *own = &thread_local_state;
    struct thread_context *context = own->context;
    own->ended = true;
    own->context = NULL;
    if (context != NULL) {
        bool locked = state_enter();
        __atomic_fetch_add(&context->reuse_count, 1, __ATOMIC_RELEASE);
        give_back(context);
        struct fil_thread *thread = thread_record();
        if (thread != NULL) {
            ledger_thread_end(&state.ledger, thread);
        }
        own->thread = NULL;
        state_leave(locked);
    }
}
