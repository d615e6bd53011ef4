#include "ledger/hash.h"
#include "ledger/ledger.h"

#define FIRST_CAPACITY 4096

static size_t place_of(uint32_t parent, uint32_t code, int32_t offset, size_t capacity)
{
    uint64_t hash = hash_mix(hash_mix(parent, code), (uint32_t)offset);
    return (size_t)hash & (capacity - 1);
}

/* Keep the table at most half full. */
static bool make_room(struct ledger *ledger)
{
    struct callstack_table *table = &ledger->callstacks;
    if (table->count * 2 < table->capacity) {
        return true;
    }
    const struct ledger_storage *storage = &ledger->storage;
    size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    uint32_t *slots = storage->take_pages(storage->context, capacity * sizeof *slots);
    if (slots == NULL) {
        return table->count + 1 < table->capacity; /* fuller than we like, still right */
    }
    for (size_t i = 0; i < table->capacity; i++) {
        uint32_t node = table->slots[i];
        if (node == 0) {
            continue;
        }
        const struct fil_node *row = ledger_node(ledger, node);
        size_t place = place_of(row->parent, row->code, row->offset, capacity);
        while (slots[place] != 0) {
            place = (place + 1) & (capacity - 1);
        }
        slots[place] = node;
    }
    if (table->slots != NULL) {
        storage->give_pages(storage->context, table->slots, table->capacity * sizeof *slots);
    }
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

static uint32_t new_node(struct ledger *ledger, uint32_t parent, uint32_t code, int32_t offset)
{
    uint32_t node = ledger->header->node_count;
    uint32_t segment = node / FIL_NODES_PER_SEGMENT;
    if (segment >= LEDGER_NODE_SEGMENTS) {
        return FIL_NODE_LOST;
    }
    if (ledger->node_segments[segment] == NULL) {
        ledger->node_segments[segment] = ledger->storage.next_node_segment(ledger->storage.context);
        if (ledger->node_segments[segment] == NULL) {
            return FIL_NODE_LOST;
        }
    }
    struct fil_node *row = ledger_node(ledger, node);
    row->parent = parent;
    row->code = code;
    row->offset = offset;
    row->epoch = ledger->header->epoch;
    ledger->header->node_count = node + 1;
    return node;
}

uint32_t ledger_child(struct ledger *ledger, uint32_t parent, uint32_t code, int32_t offset)
{
    struct callstack_table *table = &ledger->callstacks;
    if (parent == FIL_NODE_LOST || !make_room(ledger)) {
        return FIL_NODE_LOST;
    }
    size_t place = place_of(parent, code, offset, table->capacity);
    for (; table->slots[place] != 0; place = (place + 1) & (table->capacity - 1)) {
        const struct fil_node *row = ledger_node(ledger, table->slots[place]);
        if (row->parent == parent && row->code == code && row->offset == offset) {
            return table->slots[place];
        }
    }
    uint32_t node = new_node(ledger, parent, code, offset);
    if (node != FIL_NODE_LOST) {
        table->slots[place] = node;
        table->count += 1;
    }
    return node;
}
