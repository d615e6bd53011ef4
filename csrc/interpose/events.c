#include "interpose/events.h"

#include <errno.h>

#include "attribute/thread_context.h"

_Thread_local uint32_t events_hidden;

void event_thread_took(uint32_t node)
{
    if (state.threads) {
        ledger_thread_note(&state.ledger, thread_local_state.thread, node);
    }
}

__attribute__((noinline)) void event_add_block(const void *block, size_t bytes, uint32_t node)
{
    uint32_t *slot = event_find_block(block);
    if (slot != NULL) { /* its release was not seen */
        (void)event_take_block(slot, block);
    }
    bool locked = state_enter();
    if (node == FIL_NODE_LOST) {
        ledger_missed(&state.ledger, FIL_MISSED_CALLSTACK);
    }
    event_thread_took(node);
    ledger_add_block(&state.ledger, (uintptr_t)block, bytes, node);
    state_leave(locked);
}

void event_request_failed(size_t bytes, enum fil_request kind)
{
    if (bytes == 0 || !events_counted()) {
        return;
    }
    int kept = errno;
    uint32_t node = attribute_now();
    bool locked = state_enter();
    ledger_request_failed(&state.ledger, bytes, node, kind);
    state_leave(locked);
    errno = kept;
}

__attribute__((noinline)) struct block event_take_block(uint32_t *slot, const void *block)
{
    bool locked = state_enter();
    struct block taken = ledger_take_block(&state.ledger, slot);
    if (taken.mark != 0) {
        attribute_code_freed((uintptr_t)block);
        taken.mark = 0; /* should the block come back, it is no code object */
    }
    state_leave(locked);
    return taken;
}
