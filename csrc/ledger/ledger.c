#include "ledger/ledger.h"

bool ledger_init(struct ledger *ledger, struct fil_header *header, const struct ledger_storage *storage)
{
    ledger->header = header;
    ledger->storage = *storage;
    header->epoch = 1;
    code_table_begin(&ledger->codes, header);
    return callstack_table_begin(&ledger->callstacks, header, storage);
}

void ledger_end(struct ledger *ledger)
{
    const struct ledger_storage *storage = &ledger->storage;
    block_table_empty(&ledger->blocks, storage);
    range_table_end(&ledger->ranges, storage);
    range_table_end(&ledger->reserved, storage);
    file_table_end(&ledger->files, storage);
    callstack_table_end(&ledger->callstacks, storage);
    text_table_end(&ledger->texts, storage);
    code_table_end(&ledger->codes, storage);
    ledger->large = (struct large_table){.records = NULL, .count = 0};
    ledger->snapshots = ledger->snapshot_bytes = 0;
    ledger->combined = (struct combined){.shared = NULL};
    ledger->threads = NULL;
    ledger->header = NULL;
}

/* Epochs are about to run out: make the newest 1, and every older one 0. Once in four billion peaks. */
static void renumber_epochs(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    for (uint32_t node = 0; node < ledger->callstacks.used; node++) {
        struct fil_node *row = ledger_node(ledger, node);
        struct fil_big *big = callstack_table_big(&ledger->callstacks, node);
        row->epoch = epoch_renumbered(row->epoch, header->epoch);
        big->epoch = epoch_renumbered(big->epoch, header->epoch);
    }
    for (int kind = 0; kind < FIL_COUNTERS; kind++) {
        header->counters[kind].epoch = epoch_renumbered(header->counters[kind].epoch, header->epoch);
    }
    file_table_renumber(&ledger->files, header);
    large_table_renumber(&ledger->large, header);
    if (ledger->threads != NULL) {
        thread_table_renumber(ledger->threads, header->epoch);
    }
    header->epoch = 1;
}

void ledger_new_peak(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    if (header->epoch == UINT32_MAX) {
        renumber_epochs(ledger);
    }
    /* If killed between the two, the total is above the peak: the reader takes the current values, which are right. */
    header->epoch += 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->peak_bytes = header->current_bytes;
    header->peak_clock_ns = ledger->storage.clock_ns();
}

bool ledger_is_intact(const struct ledger *ledger)
{
    const struct fil_header *header = ledger->header;
    return header->file_count == ledger->files.count && header->large_count == ledger->large.count &&
           callstack_table_is_intact(&ledger->callstacks, header) && code_table_is_intact(&ledger->codes, header) &&
           text_table_is_intact(&ledger->texts);
}

void ledger_rise_far(struct ledger *ledger, uint32_t node, uint64_t bytes)
{
    combined_before_rise(&ledger->combined, &ledger->callstacks, node);
    ledger_grow(ledger, node, bytes);
    combined_after_rise(&ledger->combined, ledger->header);
}

void ledger_fall_far(struct ledger *ledger, uint32_t node, uint64_t bytes)
{
    combined_before_fall(&ledger->combined, ledger->header, &ledger->callstacks, node, bytes);
    ledger_shrink(ledger, node, bytes);
    combined_after_fall(&ledger->combined, ledger->header);
}

#define INLINE static inline __attribute__((always_inline))

INLINE void grow_by_block(struct ledger *ledger, uint64_t bytes, uint32_t node, bool combined)
{
    ledger_rise(ledger, node, bytes, combined);
    if (bytes >= FIL_BIG_BYTES) {
        ledger_big(ledger, node, bytes, 0);
    }
}

INLINE struct block take_block(struct ledger *ledger, uint32_t *slot, bool combined)
{
    struct block block = block_read(slot);
    block_clear(slot);
    ledger_fall(ledger, block.node, block.bytes, combined);
    if (block.bytes >= FIL_BIG_BYTES) {
        ledger_big(ledger, block.node, 0, block.bytes);
    }
    return block;
}

INLINE void add_block(struct ledger *ledger, uintptr_t address, uint64_t bytes, uint32_t node, bool combined)
{
    if (bytes == 0) {
        return;
    }
    uint32_t *slot = block_slot(&ledger->blocks, address);
    if (slot == NULL || address >> BLOCK_ADDRESS_BITS != 0) {
        slot = block_slot_create(&ledger->blocks, &ledger->storage, address);
        if (slot == NULL) {
            ledger_missed(ledger, FIL_MISSED_BLOCK);
            return;
        }
    }
    if (slot[0] != 0) {
        (void)(combined ? ledger_take_block_combined(ledger, slot) : ledger_take_block(ledger, slot));
    }
    block_write(slot, bytes, node);
    grow_by_block(ledger, bytes, node, combined);
}

INLINE void restore_block(struct ledger *ledger, uint32_t *slot, const struct block *block, bool combined)
{
    block_write(slot, block->bytes, block->node);
    if (block->mark != 0) {
        block_set_mark(slot, block->mark, block->node);
    }
    grow_by_block(ledger, block->bytes, block->node, combined);
    ledger->header->allocated_bytes -= block->bytes; /* no new allocation */
    ledger->header->allocations -= 1;
}

void ledger_add_block(struct ledger *ledger, uintptr_t address, uint64_t bytes, uint32_t node)
{
    add_block(ledger, address, bytes, node, false);
}

void ledger_add_block_combined(struct ledger *ledger, uintptr_t address, uint64_t bytes, uint32_t node)
{
    add_block(ledger, address, bytes, node, true);
}

struct block ledger_take_block(struct ledger *ledger, uint32_t *slot)
{
    return take_block(ledger, slot, false);
}

struct block ledger_take_block_combined(struct ledger *ledger, uint32_t *slot)
{
    return take_block(ledger, slot, true);
}

void ledger_restore_block(struct ledger *ledger, uint32_t *slot, const struct block *block)
{
    restore_block(ledger, slot, block, false);
}

void ledger_restore_block_combined(struct ledger *ledger, uint32_t *slot, const struct block *block)
{
    restore_block(ledger, slot, block, true);
}

uint64_t ledger_text(struct ledger *ledger, const uint8_t *bytes, uint32_t count)
{
    uint64_t offset = text_table_offset(&ledger->texts, &ledger->storage, bytes, count);
    if (offset == 0) {
        ledger_missed(ledger, FIL_MISSED_TEXT);
    }
    return offset;
}
