#include "interpose/events.h"

#include <errno.h>

#include "attribute/inline.h"
#include "attribute/thread_context.h"

_Thread_local uint32_t events_hidden;
_Thread_local uintptr_t event_newest;

/* Inside an event: which node owns the memory for which the calling thread has found `node`? */
static uint32_t owner_now(uint32_t node)
{
    node = attribute_revalidate(node);
    if (node == FIL_NODE_LOST) {
        ledger_missed(&state.ledger, FIL_MISSED_CALLSTACK);
    }
    return node;
}

/* After the ledger's change: where the new memory replaces old memory, what that releases first may have been a peak,
 * and then the thread was still at its previous call stack. */
static void thread_took(uint32_t node)
{
    if (state.threads) {
        ledger_thread_note(&state.ledger, thread_record(), node);
    }
}

void event_mapping_added(uintptr_t start, uint64_t bytes, uint32_t node)
{
    node = owner_now(node);
    ledger_add_range(&state.ledger, start, bytes, node);
    thread_took(node);
}

void event_mapping_used(uintptr_t start, uint64_t bytes, uint32_t node)
{
    node = owner_now(node);
    ledger_use_range(&state.ledger, start, bytes, node);
    thread_took(node);
}

void event_mapping_moved(uintptr_t old, uint64_t bytes, uintptr_t start, uint32_t node, bool leaves_old)
{
    bool counts = ledger_has_counted(&state.ledger, old, bytes);
    node = counts ? owner_now(node) : FIL_NODE_NONE;
    ledger_move_pieces(&state.ledger, old, bytes, start, node, leaves_old);
    if (counts) {
        thread_took(node);
    }
}

/* The tracking session in which the calling thread last removed an entry. */
static _Thread_local uint32_t taken_in;

void event_request_failed(size_t bytes, enum fil_request kind)
{
    if (bytes == 0 || !events_counted()) {
        return;
    }
    int kept = errno;
    uint32_t node = attribute_current_callstack();
    bool locked = state_enter();
    if (events_still_counted()) {
        ledger_request_failed(&state.ledger, bytes, attribute_revalidate(node), kind);
    }
    state_leave(locked);
    errno = kept;
}

INLINE struct block take(uint32_t *slot, const void *block, bool combined)
{
    struct block taken = {0, 0, 0};
    bool locked = state_enter();
    taken_in = state.session;
    if (slot[0] != 0) { /* tracking has not ended meanwhile */
        taken = combined ? ledger_take_block_combined(&state.ledger, slot) : ledger_take_block(&state.ledger, slot);
    }
    if (taken.mark != 0) {
        attribute_marked_block_freed((uintptr_t)block, taken.mark);
        taken.mark = 0; /* if the block is restored, it is no such object */
    }
    state_leave(locked);
    return taken;
}

INLINE void add(const void *block, size_t bytes, uint32_t node, bool combined)
{
    uint32_t *slot = event_find_block(block);
    if (slot != NULL) { /* its release was not seen */
        (void)event_calls.take(slot, block);
    }
    bool locked = state_enter();
    if (events_still_counted()) {
        node = owner_now(node);
        if (combined) {
            ledger_add_block_combined(&state.ledger, (uintptr_t)block, bytes, node);
        } else {
            ledger_add_block(&state.ledger, (uintptr_t)block, bytes, node);
        }
        thread_took(node);
    }
    state_leave(locked);
}

static __attribute__((noinline)) void add_alone(const void *block, size_t bytes, uint32_t node)
{
    add(block, bytes, node, false);
}

static __attribute__((noinline)) void add_combined(const void *block, size_t bytes, uint32_t node)
{
    add(block, bytes, node, true);
}

INLINE void *record(uint32_t *slot, void *block, size_t bytes, uint32_t node, bool combined)
{
    const struct thread_local_state *own = &thread_local_state;
    if (LIKELY(bytes - 1 < BLOCK_NARROW_LIMIT - 1 && slot != NULL && slot[0] == 0 && node != FIL_NODE_LOST)) {
        bool locked = state_enter();
        /* Like attribute_revalidate and thread_record, combined. */
        bool holds = state.tracking && own->context != NULL && own->context->checked_generation == state.generation;
        if (LIKELY(holds)) {
            ledger_thread_note(&state.ledger, own->thread, node);
            block_write(slot, bytes, node);
            ledger_rise(&state.ledger, node, bytes, combined);
        }
        state_leave(locked);
        if (LIKELY(holds)) {
            return block;
        }
    }
    (combined ? add_combined : add_alone)(block, bytes, node);
    return block;
}

INLINE void remove_block(uint32_t *slot, const void *block, bool combined)
{
    bool locked = state_enter();
    bool narrow = block_is_narrow(slot);
    if (LIKELY(narrow)) {
        uint32_t entry = slot[0];
        slot[0] = 0;
        ledger_fall(&state.ledger, entry >> BLOCK_SIZE_BITS, entry % BLOCK_NARROW_LIMIT, combined);
    }
    state_leave(locked);
    if (!narrow) {
        (void)event_calls.take(slot, block);
    }
}

INLINE void reused(uint32_t *slot, uint32_t node, bool combined)
{
    if (!state.threads) { /* then nothing can have happened between */
        ledger_hand_over(&state.ledger, slot, node, combined);
        return;
    }
    bool locked = state_enter();
    if (events_still_counted() && slot[0] != 0) {
        node = attribute_revalidate(node);
        if (node != FIL_NODE_LOST) {
            thread_took(node);
            ledger_hand_over(&state.ledger, slot, node, combined);
        }
    }
    state_leave(locked);
}

INLINE void restored(uint32_t *slot, const struct block *taken, bool combined)
{
    bool locked = state_enter();
    if (events_still_counted() && taken_in == state.session && taken->bytes != 0) {
        if (combined) {
            ledger_restore_block_combined(&state.ledger, slot, taken);
        } else {
            ledger_restore_block(&state.ledger, slot, taken);
        }
    }
    state_leave(locked);
}

#define FUNCTIONS(way, combined)                                                        \
    static void *record_##way(uint32_t *slot, void *block, size_t bytes, uint32_t node) \
    {                                                                                   \
        return record(slot, block, bytes, node, combined);                              \
    }                                                                                   \
    static struct block take_##way(uint32_t *slot, const void *block)                   \
    {                                                                                   \
        return take(slot, block, combined);                                             \
    }                                                                                   \
    static void remove_##way(uint32_t *slot, const void *block)                         \
    {                                                                                   \
        remove_block(slot, block, combined);                                            \
    }                                                                                   \
    static void reused_##way(uint32_t *slot, uint32_t node)                             \
    {                                                                                   \
        reused(slot, node, combined);                                                   \
    }                                                                                   \
    static void restored_##way(uint32_t *slot, const struct block *taken)               \
    {                                                                                   \
        restored(slot, taken, combined);                                                \
    }                                                                                   \
    static const struct event_functions way = {.record = record_##way,                  \
                                               .take = take_##way,                      \
                                               .remove = remove_##way,                  \
                                               .reused = reused_##way,                  \
                                               .restored = restored_##way};
FUNCTIONS(alone, false)
FUNCTIONS(one_of_several, true)
#undef FUNCTIONS

struct event_functions event_calls = {.record = record_alone,
                                      .take = take_alone,
                                      .remove = remove_alone,
                                      .reused = reused_alone,
                                      .restored = restored_alone};

void events_are_combined(bool combined)
{
    event_calls = combined ? one_of_several : alone;
    state.several = combined || state.threads;
}
