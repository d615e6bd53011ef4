#include "ledger/ledger.h"

bool ledger_init(struct ledger *ledger, struct fil_header *header, const struct ledger_storage *storage)
{
    ledger->header = header;
    ledger->storage = *storage;
    ledger->node_segments[0] = storage->next_node_segment(storage->context);
    if (ledger->node_segments[0] == NULL) {
        return false;
    }
    header->epoch = 1;
    header->node_count = FIL_NODE_FIRST;
    header->code_count = 1;
    return true;
}

static void give(const struct ledger_storage *storage, void *pages, size_t bytes)
{
    if (pages != NULL) {
        storage->give_pages(storage->context, pages, bytes);
    }
}

void ledger_end(struct ledger *ledger)
{
    const struct ledger_storage *storage = &ledger->storage;
    block_table_empty(&ledger->blocks, storage);
    give(storage, ledger->ranges.ranges, ledger->ranges.capacity * sizeof *ledger->ranges.ranges);
    give(storage, ledger->reserved.ranges, ledger->reserved.capacity * sizeof *ledger->reserved.ranges);
    give(storage, ledger->callstacks.slots, ledger->callstacks.capacity * sizeof *ledger->callstacks.slots);
    give(storage, ledger->texts.entries, ledger->texts.capacity * sizeof *ledger->texts.entries);
    give(storage, ledger->codes.slots, ledger->codes.capacity * sizeof *ledger->codes.slots);
    give(storage, ledger->files.ranges.ranges, ledger->files.ranges.capacity * sizeof *ledger->files.ranges.ranges);
    ledger->ranges = ledger->reserved = (struct range_table){NULL, 0, 0};
    ledger->files = (struct file_table){.records = NULL};
    ledger->callstacks = (struct callstack_table){NULL, 0, 0};
    ledger->texts = (struct text_table){.entries = NULL};
    for (uint32_t i = 0; i < LEDGER_CODE_SEGMENTS && ledger->codes.segments[i] != NULL; i++) {
        ledger->codes.segments[i] = NULL;
    }
    ledger->codes.slots = NULL;
    ledger->codes.capacity = ledger->codes.count = 0;
    for (uint32_t i = 0; i < LEDGER_NODE_SEGMENTS && ledger->node_segments[i] != NULL; i++) {
        ledger->node_segments[i] = NULL;
    }
    ledger->snapshots = ledger->snapshot_bytes = 0;
    ledger->threads = NULL;
    ledger->large = NULL;
    ledger->header = NULL;
}

/* Epochs are about to run out: let the newest become 1, and every older one 0. Once in four thousand million peaks. */
static void renumber_epochs(struct ledger *ledger)
{
    for (uint32_t node = 0; node < ledger->header->node_count; node++) {
        struct fil_node *row = ledger_node(ledger, node);
        row->epoch = row->epoch == ledger->header->epoch ? 1 : 0;
    }
    for (int kind = 0; kind < FIL_GAUGES; kind++) {
        struct fil_gauge *gauge = &ledger->header->gauges[kind];
        gauge->epoch = gauge->epoch == ledger->header->epoch ? 1 : 0;
    }
    ledger_renumber_files(ledger);
    ledger_renumber_large(ledger);
    ledger_renumber_threads(ledger);
    ledger->header->epoch = 1;
}

void ledger_new_peak(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    if (header->epoch == UINT32_MAX) {
        renumber_epochs(ledger);
    }
    /* Killed between the two, the total is above the peak: the reader takes the present, which is right. */
    header->epoch += 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->peak_bytes = header->current_bytes;
    header->peak_clock_ns = ledger->storage.clock_ns(ledger->storage.context);
}

void ledger_add_block(struct ledger *ledger, uintptr_t address, uint64_t bytes, uint32_t node)
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
        (void)ledger_take_block(ledger, slot);
    }
    block_write(slot, bytes, node);
    ledger_grow(ledger, node, bytes);
}

struct block ledger_take_block(struct ledger *ledger, uint32_t *slot)
{
    struct block block = block_read(slot);
    block_clear(slot);
    ledger_shrink(ledger, block.node, block.bytes);
    return block;
}

void ledger_restore_block(struct ledger *ledger, uint32_t *slot, const struct block *block)
{
    block_write(slot, block->bytes, block->node);
    if (block->mark != 0) {
        block_set_mark(slot, block->mark, block->node);
    }
    ledger_grow(ledger, block->node, block->bytes);
    ledger->header->allocated_bytes -= block->bytes; /* nothing new was taken */
    ledger->header->allocations -= 1;
}

static void shrink_by_piece(void *context, const struct range *piece)
{
    ledger_shrink(context, piece->node, piece->end - piece->start);
    ledger_gauge(context, FIL_GAUGE_MAPPINGS, 0, piece->end - piece->start);
}

static void grow_by_mapping(struct ledger *ledger, uintptr_t start, uint32_t node, uint64_t bytes)
{
    ledger_grow(ledger, node, bytes);
    ledger_gauge(ledger, FIL_GAUGE_MAPPINGS, bytes, 0);
    ledger_large_added(ledger, start, bytes, node);
}

static void forget_piece(void *context, const struct range *piece)
{
    (void)context;
    (void)piece;
}

uint64_t ledger_remove_range(struct ledger *ledger, uintptr_t start, uint64_t bytes)
{
    uint64_t before = ledger->header->current_bytes;
    uintptr_t end = start + bytes;
    if (!range_remove(&ledger->ranges, &ledger->storage, start, end, shrink_by_piece, ledger) ||
        !range_remove(&ledger->reserved, &ledger->storage, start, end, forget_piece, NULL)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
    }
    ledger_remove_files(ledger, start, end);
    ledger_large_removed(ledger, start, end);
    return before - ledger->header->current_bytes;
}

static bool add_piece(struct ledger *ledger, struct range_table *table, uintptr_t start, uintptr_t end, uint32_t node)
{
    if (!range_add(table, &ledger->storage, start, end, node)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
        return false;
    }
    return true;
}

void ledger_add_range(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node)
{
    (void)ledger_remove_range(ledger, start, bytes);
    if (bytes != 0 && add_piece(ledger, &ledger->ranges, start, start + bytes, node)) {
        grow_by_mapping(ledger, start, node, bytes);
    }
}

void ledger_reserve_range(struct ledger *ledger, uintptr_t start, uint64_t bytes)
{
    (void)ledger_remove_range(ledger, start, bytes);
    if (bytes != 0) {
        (void)add_piece(ledger, &ledger->reserved, start, start + bytes, FIL_NODE_NONE);
    }
}

struct use {
    struct ledger *ledger;
    uint32_t node;
};

static void use_piece(void *context, const struct range *piece)
{
    const struct use *use = context;
    if (add_piece(use->ledger, &use->ledger->ranges, piece->start, piece->end, use->node)) {
        grow_by_mapping(use->ledger, piece->start, use->node, piece->end - piece->start);
    }
}

void ledger_use_range(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node)
{
    struct use use = {ledger, node};
    if (!range_remove(&ledger->reserved, &ledger->storage, start, start + bytes, use_piece, &use)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
    }
}

static bool has_any(const struct range_table *table, uintptr_t start, uint64_t bytes)
{
    const struct range *range = range_after(table, start);
    return range != NULL && range->start < start + bytes;
}

bool ledger_has_reserved(const struct ledger *ledger, uintptr_t start, uint64_t bytes)
{
    return has_any(&ledger->reserved, start, bytes);
}

bool ledger_has_counted(const struct ledger *ledger, uintptr_t start, uint64_t bytes)
{
    return has_any(&ledger->ranges, start, bytes);
}

uint64_t ledger_range_at(const struct ledger *ledger, uintptr_t start)
{
    const struct range *range = range_after(&ledger->ranges, start);
    return range != NULL && range->start == start ? range->end - start : 0;
}

/* The first piece of a table inside [start, end); an empty one if there is none. */
static struct range first_piece(const struct range_table *table, uintptr_t start, uintptr_t end)
{
    const struct range *range = range_after(table, start);
    if (range == NULL || range->start >= end) {
        return (struct range){.start = end, .end = end, .node = FIL_NODE_NONE, .reserved = 0};
    }
    struct range piece = *range;
    piece.start = piece.start < start ? start : piece.start;
    piece.end = piece.end > end ? end : piece.end;
    return piece;
}

void ledger_move_pieces(struct ledger *ledger, uintptr_t old, uint64_t bytes, uintptr_t start, uint32_t node,
                        bool leaves_old)
{
    uintptr_t end = old + bytes;
    if (first_piece(&ledger->ranges, old, end).start == end && first_piece(&ledger->reserved, old, end).start == end &&
        first_piece(&ledger->files.ranges, old, end).start == end) {
        (void)ledger_remove_range(ledger, start, bytes); /* a mapping that we know nothing of lies there now */
        return;
    }
    for (struct range piece = first_piece(&ledger->ranges, old, end); piece.start != end;
         piece = first_piece(&ledger->ranges, piece.end, end)) {
        if (!leaves_old) {
            (void)ledger_remove_range(ledger, piece.start, piece.end - piece.start);
        }
        ledger_add_range(ledger, start + (piece.start - old), piece.end - piece.start, node);
    }
    for (struct range piece = first_piece(&ledger->reserved, old, end); piece.start != end;
         piece = first_piece(&ledger->reserved, piece.end, end)) {
        ledger_reserve_range(ledger, start + (piece.start - old), piece.end - piece.start);
    }
    for (struct range piece = first_piece(&ledger->files.ranges, old, end); piece.start != end;
         piece = first_piece(&ledger->files.ranges, piece.end, end)) {
        uint64_t kept = leaves_old ? 0 : piece.end - piece.start;
        (void)ledger_move_file(ledger, piece.start, kept, start + (piece.start - old), piece.end - piece.start);
    }
    if (!leaves_old) {
        (void)ledger_remove_range(ledger, old, bytes);
    }
}
