/* Address -> (bytes, node) for blocks of memory: a radix tree over the address with one 4-byte slot per 16 bytes of
 * address space, so a heap of small objects costs a quarter of its size at most.
 *
 * A slot is 0 (nothing starts here) or
 *   narrow, blocks of 1 to 511 bytes:   node << 9 | bytes
 *   wide, everything else:              node << 9, with the bytes in the next two slots and a mark in the fourth
 * The following slots are free for that because the block itself covers them: a wide block is 64 bytes or more.
 *
 * Two live blocks never share a slot: every allocator aligns to 16 bytes, except CPython's before 3.8, which aligns to
 * 8 but keeps blocks of 16 bytes or more apart by 16 (csrc/interpose/python_hooks.c requests at least 16).
 */
#ifndef FIL_BLOCK_TABLE_H
#define FIL_BLOCK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/storage.h"

#define BLOCK_SIZE_BITS 9
#define BLOCK_NARROW_LIMIT (1u << BLOCK_SIZE_BITS)      /* first size that is wide */
#define BLOCK_NODE_LIMIT (1u << (32 - BLOCK_SIZE_BITS)) /* nodes that a slot can name */
#define BLOCK_MARK_BYTES 64                             /* a marked block has at least this size */

#define BLOCK_GRANULE_BITS 4
#define BLOCK_LEAF_BITS 20   /* a leaf covers 1 MiB of addresses */
#define BLOCK_MIDDLE_BITS 32 /* a middle table covers 4 GiB */
#define BLOCK_ADDRESS_BITS 48
#define BLOCK_SLOTS (1u << (BLOCK_LEAF_BITS - BLOCK_GRANULE_BITS))
#define BLOCK_LEAVES (1u << (BLOCK_MIDDLE_BITS - BLOCK_LEAF_BITS))
#define BLOCK_MIDDLES (1u << (BLOCK_ADDRESS_BITS - BLOCK_MIDDLE_BITS))

struct block_leaf {
    uint32_t slots[BLOCK_SLOTS + 4]; /* the last four: the rest of a wide block that starts in the last slots */
};

struct block_middle {
    struct block_leaf *leaves[BLOCK_LEAVES];
};

struct block_table {
    struct block_middle *middles[BLOCK_MIDDLES];
};

struct block {
    uint64_t bytes;
    uint32_t node;
    uint32_t mark; /* 0: none; else the value from block_set_mark */
};

/* The slot of `address` if its part of the table exists, else NULL. May be called while another thread adds parts. */
static inline uint32_t *block_slot(const struct block_table *table, uintptr_t address)
{
    struct block_middle *middle =
        __atomic_load_n(&table->middles[(address >> BLOCK_MIDDLE_BITS) % BLOCK_MIDDLES], __ATOMIC_ACQUIRE);
    if (middle == NULL) {
        return NULL;
    }
    struct block_leaf *leaf =
        __atomic_load_n(&middle->leaves[(address >> BLOCK_LEAF_BITS) % BLOCK_LEAVES], __ATOMIC_ACQUIRE);
    if (leaf == NULL) {
        return NULL;
    }
    return &leaf->slots[(address >> BLOCK_GRANULE_BITS) % BLOCK_SLOTS];
}

/* The slot of `address`, with its part of the table added if needed; NULL if there is no memory for it, or no such
 * address. */
__attribute__((cold, noinline)) uint32_t *block_slot_create(struct block_table *table,
                                                            const struct ledger_storage *storage, uintptr_t address);

static inline struct block block_read(const uint32_t *slot)
{
    struct block block = {.bytes = slot[0] % BLOCK_NARROW_LIMIT, .node = slot[0] >> BLOCK_SIZE_BITS, .mark = 0};
    if (block.bytes == 0) {
        block.bytes = slot[1] | (uint64_t)slot[2] << 32;
        block.mark = slot[3];
    }
    return block;
}

static inline bool block_is_narrow(const uint32_t *slot)
{
    return slot[0] % BLOCK_NARROW_LIMIT != 0;
}

static inline void block_write_narrow(uint32_t *slot, uint64_t bytes, uint32_t node)
{
    slot[0] = node << BLOCK_SIZE_BITS | (uint32_t)bytes;
}

static inline void block_write(uint32_t *slot, uint64_t bytes, uint32_t node)
{
    if (bytes < BLOCK_NARROW_LIMIT) {
        block_write_narrow(slot, bytes, node);
        return;
    }
    slot[0] = node << BLOCK_SIZE_BITS;
    slot[1] = (uint32_t)bytes;
    slot[2] = (uint32_t)(bytes >> 32);
    slot[3] = 0;
}

static inline void block_set_node(uint32_t *slot, uint32_t node)
{
    slot[0] = node << BLOCK_SIZE_BITS | slot[0] % BLOCK_NARROW_LIMIT;
}

static inline void block_clear(uint32_t *slot)
{
    if (slot[0] % BLOCK_NARROW_LIMIT == 0) {
        slot[1] = slot[2] = slot[3] = 0;
    }
    slot[0] = 0;
}

/* Does a block begin at `slot`, which is not 0? For an address that may be inside a block. A wide block's size and mark
 * are in the three slots behind its own, in the same part of the table. */
static inline bool block_begins(const uint32_t *slot, uintptr_t address)
{
    uint32_t place = (uint32_t)(address >> BLOCK_GRANULE_BITS) % BLOCK_SLOTS;
    for (uint32_t back = 1; back <= 3 && back <= place; back++) {
        if (*(slot - back) != 0 && !block_is_narrow(slot - back)) {
            return false;
        }
    }
    return true;
}

/* Forget every block. The table's parts stay mapped, for threads that read them without a lock; their memory is
 * released. */
void block_table_empty(struct block_table *table, const struct ledger_storage *storage);

/* Store `mark` (not 0) with the block of BLOCK_MARK_BYTES or more at `slot`, recorded or not: an unrecorded one becomes
 * an entry of 0 bytes for `node`. */
void block_set_mark(uint32_t *slot, uint32_t mark, uint32_t node);

#endif
