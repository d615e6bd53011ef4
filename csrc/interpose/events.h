/* What every hook does with what it saw: attribute it, and let the ledger know. */
#ifndef FIL_EVENTS_H
#define FIL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/attribute.h"
#include "attribute/inline.h"
#include "state.h"

/* While this is not 0, what the calling thread takes is a part of something that is recorded by itself. */
extern _Thread_local uint32_t events_hidden;

/* The block that the calling thread has taken last for an object of Python's, until one has begun there. 0: none */
extern _Thread_local uintptr_t event_newest;

static inline bool events_counted(void)
{
    return state.tracking && events_hidden == 0;
}

/* Every block, in every state of the process; the inline functions below serve the most frequent case themselves. */
void *event_record_slow(uint32_t *slot, void *block, size_t bytes,
                        uint32_t node); /* slot: NULL if it has none yet. Returns `block` */
struct block event_take_block(uint32_t *slot, const void *block);
void event_remove_block(uint32_t *slot, const void *block);

/* A block that stayed in the interpreter's hands is the calling thread's from now on, by `node`, which it found just
 * before. */
void event_block_reused(uint32_t *slot, uint32_t node);

/* Inside an event: the calling thread took memory that is no block, and `node` is what it found for itself just before.
 * Whichever call gave it, these see to all of it: whose it is by now, what is missed if that is lost, where the thread
 * is, the ledger. */

/* Bytes [start, start + bytes) are a mapping. */
void event_mapping_added(uintptr_t start, uint64_t bytes, uint32_t node);
/* What of [start, start + bytes) was reserved is memory from now on. */
void event_mapping_used(uintptr_t start, uint64_t bytes, uint32_t node);
/* What lay in [old, old + bytes) lies at `start` from now on: see ledger_move_pieces. */
void event_mapping_moved(uintptr_t old, uint64_t bytes, uintptr_t start, uint32_t node, bool leaves_old);

/* The entry of a block that the calling thread is about to give back; NULL if it is not recorded. The block is ours, so
 * nobody else changes its entry: no lock is needed to look. */
static inline uint32_t *event_find_block(const void *block)
{
    uint32_t *slot = block_slot(&state.ledger.blocks, (uintptr_t)block);
    return slot != NULL && slot[0] != 0 ? slot : NULL;
}

/* The calling thread took a block of 1 to 511 bytes by `node`, which it found just before. Returns the block. */
INLINE void *event_record_fast(uint32_t *slot, void *block, size_t bytes, uint32_t node)
{
    if (state.threads || slot[0] != 0 || node == FIL_NODE_LOST) {
        return event_record_slow(slot, block, bytes, node);
    }
    block_write_narrow(slot, bytes, node);
    ledger_grow(&state.ledger, node, bytes);
    return block;
}

/* The calling thread took a block. */
static inline void event_block_added(void *block, size_t bytes)
{
    uint32_t *slot = block_slot(&state.ledger.blocks, (uintptr_t)block);
    __builtin_prefetch(slot, 1); /* it is seldom in the first cache, and the callstack takes a while */
    uint32_t node = attribute_current_callstack();
    if (slot != NULL && bytes - 1 < BLOCK_NARROW_LIMIT - 1) {
        (void)event_record_fast(slot, block, bytes, node);
    } else {
        (void)event_record_slow(slot, block, bytes, node);
    }
}

/* The calling thread is about to give a block back, whose entry is `slot`. In a few instructions, if there is one
 * thread, and no new peak behind it; returns whether that was so. */
INLINE bool event_remove_quickly(uint32_t *slot)
{
    if (state.threads || !block_is_narrow(slot) || ledger_rises(&state.ledger)) {
        return false;
    }
    uint32_t entry = slot[0];
    slot[0] = 0;
    ledger_shrink(&state.ledger, entry >> BLOCK_SIZE_BITS, entry % BLOCK_NARROW_LIMIT);
    return true;
}

/* The calling thread is about to give a block back. */
static inline void event_block_removed(const void *block)
{
    uint32_t *slot = event_find_block(block);
    if (slot != NULL && !event_remove_quickly(slot)) {
        event_remove_block(slot, block);
    }
}

/* In the section between state_enter and state_leave, where it is certain: does tracking run? */
static inline bool events_still_counted(void)
{
    return state.tracking;
}

/* The calling thread asked for memory and got none. Keeps errno. Does nothing for a request of no bytes. */
__attribute__((cold)) void event_request_failed(size_t bytes, enum fil_request kind);

/* A release that was recorded did not happen. */
void event_block_restored(uint32_t *slot, const struct block *taken);

#endif
