#include "ledger/callstack_table.h"

#include "ledger/counters.h"
#include "ledger/hash.h"

static uint64_t hash_of(uint32_t parent, uint32_t code, int32_t offset)
{
    return hash_mix(hash_mix(parent, code), (uint32_t)offset);
}

static bool hash_of_entry(const void *owner, const void *entry, uint64_t *hash)
{
    uint32_t node = *(const uint32_t *)entry;
    if (node == 0) {
        return false;
    }
    const struct fil_node *row = callstack_table_node(owner, node);
    *hash = hash_of(row->parent, row->code, row->offset);
    return true;
}

static const struct open_hash_kind kind = {
    .entry_bytes = sizeof(uint32_t), .first_capacity = 4096, .hash = hash_of_entry};

static uint32_t new_node(struct callstack_table *table, struct fil_header *header, const struct ledger_storage *storage,
                         const struct fil_node *content)
{
    uint32_t node = table->used;
    uint32_t segment = node / FIL_NODES_PER_SEGMENT;
    if (segment >= LEDGER_NODE_SEGMENTS) {
        return FIL_NODE_LOST;
    }
    if (table->segments[segment] == NULL) {
        table->segments[segment] = storage->next_node_segment();
        if (table->segments[segment] == NULL) {
            return FIL_NODE_LOST;
        }
    }
    *callstack_table_node(table, node) = *content;
    table->used = node + 1;
    table->check += hash_mix(hash_of(content->parent, content->code, content->offset), node);
    header->node_count = node + 1;
    return node;
}

bool callstack_table_begin(struct callstack_table *table, struct fil_header *header,
                           const struct ledger_storage *storage)
{
    table->segments[0] = storage->next_node_segment();
    table->used = FIL_NODE_FIRST;
    table->check = 0;
    header->node_count = FIL_NODE_FIRST;
    return table->segments[0] != NULL;
}

uint32_t callstack_table_child(struct callstack_table *table, struct fil_header *header,
                               const struct ledger_storage *storage, uint32_t parent, uint32_t code, int32_t offset)
{
    if (parent == FIL_NODE_LOST || !open_hash_make_room(&table->numbers, &kind, table, storage)) {
        return FIL_NODE_LOST;
    }
    uint32_t *slots = table->numbers.entries;
    size_t mask = table->numbers.capacity - 1;
    size_t place = (size_t)hash_of(parent, code, offset) & mask;
    for (; slots[place] != 0; place = (place + 1) & mask) {
        const struct fil_node *row = callstack_table_node(table, slots[place]);
        if (row->parent == parent && row->code == code && row->offset == offset) {
            return slots[place];
        }
    }
    const struct fil_node content = {.epoch = header->epoch, .parent = parent, .code = code, .offset = offset};
    uint32_t node = new_node(table, header, storage, &content);
    if (node != FIL_NODE_LOST) {
        slots[place] = node;
        table->numbers.count += 1;
    }
    return node;
}

bool callstack_table_is_intact(const struct callstack_table *table, const struct fil_header *header)
{
    uint64_t current_bytes = 0, at_peak_bytes = 0, check = 0;
    for (uint32_t node = 0; node < table->used; node++) {
        const struct fil_node *row = callstack_table_node(table, node);
        current_bytes += row->current_bytes;
        at_peak_bytes += row->epoch == header->epoch ? row->at_peak_bytes : row->current_bytes;
        check += node < FIL_NODE_FIRST ? 0 : hash_mix(hash_of(row->parent, row->code, row->offset), node);
    }
    return header->node_count == table->used && check == table->check && current_bytes == header->current_bytes &&
           (header_rises(header) || at_peak_bytes == header->peak_bytes);
}

void callstack_table_end(struct callstack_table *table, const struct ledger_storage *storage)
{
    open_hash_end(&table->numbers, &kind, storage);
    for (uint32_t i = 0; i < LEDGER_NODE_SEGMENTS && table->segments[i] != NULL; i++) {
        table->segments[i] = NULL;
    }
}
