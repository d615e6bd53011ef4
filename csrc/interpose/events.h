/* What every hook does with an event: attribute it, and update the ledger. */
#ifndef FIL_EVENTS_H
#define FIL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/attribute.h"
#include "attribute/inline.h"
#include "state.h"

/* While this is not 0, the calling thread's allocations are a part of something that is recorded as a whole. */
extern _Thread_local uint32_t events_hidden;

/* The last block that the calling thread allocated for a Python object, until an object has begun there. 0: none */
extern _Thread_local uintptr_t event_newest;

static inline bool events_counted(void)
{
    return state.tracking && events_hidden == 0;
}

/* Every block, in every state of the process; the inline functions below handle the most frequent case themselves.
 * There are two of each: for a process that is alone, and for one of several (ledger/combined.h). */
struct event_functions {
    /* The calling thread allocated a block. `slot`: NULL if it has none yet. Returns `block`. */
    void *(*record)(uint32_t *slot, void *block, size_t bytes, uint32_t node);
    /* It is about to free one, or to resize it. */
    struct block (*take)(uint32_t *slot, const void *block);
    void (*remove)(uint32_t *slot, const void *block);
    /* It reuses a block that the interpreter had kept: it belongs to `node`, which the thread found just before. */
    void (*reused)(uint32_t *slot, uint32_t node);
    /* A recorded release did not happen. */
    void (*restored)(uint32_t *slot, const struct block *taken);
};
extern struct event_functions event_calls;

/* Inside an event: this process is one of several from now on, or is alone again. */
void events_are_combined(bool combined);

/* Inside an event: the calling thread allocated memory that is no block, and found `node` for itself just before.
 * Whichever call it was, these do everything: the current owner, what is missed if it is lost, where the thread is, the
 * ledger. */

/* Bytes [start, start + bytes) are a mapping. */
void event_mapping_added(uintptr_t start, uint64_t bytes, uint32_t node);
/* The reserved parts of [start, start + bytes) are memory from now on. */
void event_mapping_used(uintptr_t start, uint64_t bytes, uint32_t node);
/* The contents of [old, old + bytes) are at `start` from now on: see ledger_move_pieces. */
void event_mapping_moved(uintptr_t old, uint64_t bytes, uintptr_t start, uint32_t node, bool leaves_old);

/* The entry of a block that the calling thread is about to free; NULL if it is not recorded. Only the block's owner
 * changes its entry: reading it needs no lock. */
static inline uint32_t *event_find_block(const void *block)
{
    uint32_t *slot = block_slot(&state.ledger.blocks, (uintptr_t)block);
    return slot != NULL && slot[0] != 0 ? slot : NULL;
}

/* The calling thread allocated a block of 1 to 511 bytes at `node`, which it found just before. Returns the block.
 * `combined`: the caller is for one of several processes, see ledger_rise. */
INLINE void *event_record_fast(uint32_t *slot, void *block, size_t bytes, uint32_t node, bool combined)
{
    if ((combined ? state.threads || !ledger_rises_near(&state.ledger, bytes) : state.several) || slot[0] != 0 ||
        node == FIL_NODE_LOST) {
        return event_calls.record(slot, block, bytes, node);
    }
    block_write_narrow(slot, bytes, node);
    if (combined) {
        combined_keep(&state.ledger.callstacks, node, combined_best(&state.ledger.combined));
    }
    ledger_grow(&state.ledger, node, bytes);
    return block;
}

/* The calling thread allocated a block. */
static inline void event_block_added(void *block, size_t bytes)
{
    uint32_t *slot = block_slot(&state.ledger.blocks, (uintptr_t)block);
    __builtin_prefetch(slot, 1); /* it is seldom in the first-level cache, and the call stack takes a while */
    uint32_t node = attribute_current_callstack();
    if (slot != NULL && bytes - 1 < BLOCK_NARROW_LIMIT - 1) {
        (void)event_record_fast(slot, block, bytes, node, false);
    } else {
        (void)event_calls.record(slot, block, bytes, node);
    }
}

/* The calling thread is about to free a block, whose entry is `slot`. Takes a few instructions, if there is one thread
 * and no new peak; returns whether that was so. */
INLINE bool event_remove_quickly(uint32_t *slot, bool combined)
{
    if ((combined ? state.threads : state.several) || !block_is_narrow(slot) || ledger_rises(&state.ledger)) {
        return false;
    }
    uint32_t entry = slot[0];
    if (combined) {
        if (!ledger_falls_near(&state.ledger, entry % BLOCK_NARROW_LIMIT)) {
            return false;
        }
        combined_keep(&state.ledger.callstacks, entry >> BLOCK_SIZE_BITS, combined_best(&state.ledger.combined));
    }
    slot[0] = 0;
    ledger_shrink(&state.ledger, entry >> BLOCK_SIZE_BITS, entry % BLOCK_NARROW_LIMIT);
    return true;
}

/* The calling thread is about to free a block. */
static inline void event_block_removed(const void *block)
{
    uint32_t *slot = event_find_block(block);
    if (slot != NULL && !event_remove_quickly(slot, false)) {
        event_calls.remove(slot, block);
    }
}

/* Is tracking on? Only certain between state_enter and state_leave. */
static inline bool events_still_counted(void)
{
    return state.tracking;
}

/* The calling thread's request failed. Keeps errno. Does nothing for a request of 0 bytes. */
__attribute__((cold)) void event_request_failed(size_t bytes, enum fil_request kind);

#endif
