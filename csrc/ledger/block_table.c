#include "ledger/block_table.h"

uint32_t *block_slot_create(struct block_table *table, const struct ledger_storage *storage, uintptr_t address)
{
    if (address >> BLOCK_ADDRESS_BITS != 0) {
        return NULL;
    }
    struct block_middle **middle = &table->middles[address >> BLOCK_MIDDLE_BITS];
    if (*middle == NULL) {
        struct block_middle *fresh = storage->map_pages(sizeof *fresh);
        if (fresh == NULL) {
            return NULL;
        }
        __atomic_store_n(middle, fresh, __ATOMIC_RELEASE);
    }
    struct block_leaf **leaf = &(*middle)->leaves[(address >> BLOCK_LEAF_BITS) % BLOCK_LEAVES];
    if (*leaf == NULL) {
        struct block_leaf *fresh = storage->map_table(sizeof *fresh);
        if (fresh == NULL) {
            return NULL;
        }
        __atomic_store_n(leaf, fresh, __ATOMIC_RELEASE);
    }
    return &(*leaf)->slots[(address >> BLOCK_GRANULE_BITS) % BLOCK_SLOTS];
}

void block_table_empty(struct block_table *table, const struct ledger_storage *storage)
{
    for (uint32_t i = 0; i < BLOCK_MIDDLES; i++) {
        const struct block_middle *middle = table->middles[i];
        for (uint32_t j = 0; middle != NULL && j < BLOCK_LEAVES; j++) {
            if (middle->leaves[j] != NULL) {
                storage->empty_pages(middle->leaves[j], sizeof *middle->leaves[j]);
            }
        }
    }
}

void block_set_mark(uint32_t *slot, uint32_t mark, uint32_t node)
{
    struct block block = {.bytes = 0, .node = node, .mark = 0};
    if (slot[0] != 0) {
        block = block_read(slot);
    }
    slot[0] = block.node << BLOCK_SIZE_BITS;
    slot[1] = (uint32_t)block.bytes;
    slot[2] = (uint32_t)(block.bytes >> 32);
    slot[3] = mark;
}
