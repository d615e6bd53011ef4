#include "ledger/range_table.h"

#define FIRST_CAPACITY 512

/* Index of the first range that ends after `address`. */
static size_t first_ending_after(const struct range_table *table, uintptr_t address)
{
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->ranges[middle].end > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static bool make_room(struct range_table *table, const struct ledger_storage *storage)
{
    if (table->count < table->capacity) {
        return true;
    }
    size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    struct range *ranges = storage->map_pages(capacity * sizeof *ranges);
    if (ranges == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->count; i++) {
        ranges[i] = table->ranges[i];
    }
    if (table->ranges != NULL) {
        storage->unmap_pages(table->ranges, table->capacity * sizeof *ranges);
    }
    table->ranges = ranges;
    table->capacity = capacity;
    return true;
}

static void insert_at(struct range_table *table, size_t index, struct range range)
{
    for (size_t i = table->count; i > index; i--) {
        table->ranges[i] = table->ranges[i - 1];
    }
    table->ranges[index] = range;
    table->count += 1;
}

bool range_add(struct range_table *table, const struct ledger_storage *storage, uintptr_t start, uintptr_t end,
               uint32_t node)
{
    if (!make_room(table, storage)) {
        return false;
    }
    struct range range = {.start = start, .end = end, .node = node, .reserved = 0};
    insert_at(table, first_ending_after(table, start), range);
    return true;
}

bool range_remove(struct range_table *table, const struct ledger_storage *storage, uintptr_t start, uintptr_t end,
                  range_removed *removed, void *context)
{
    size_t first = first_ending_after(table, start);
    if (first == table->count || table->ranges[first].start >= end) {
        return true;
    }
    struct range *head = &table->ranges[first];
    if (head->start < start && head->end > end) { /* a hole in the middle of one range */
        if (!make_room(table, storage)) {
            return false;
        }
        head = &table->ranges[first];
        struct range tail = {.start = end, .end = head->end, .node = head->node, .reserved = 0};
        head->end = start;
        insert_at(table, first + 1, tail);
        removed(context, &(struct range){.start = start, .end = end, .node = tail.node, .reserved = 0});
        return true;
    }
    if (head->start < start) {
        struct range piece = {.start = start, .end = head->end, .node = head->node, .reserved = 0};
        head->end = start;
        removed(context, &piece);
        first += 1;
    }
    size_t last = first; /* ranges [first, last) go entirely */
    while (last < table->count && table->ranges[last].end <= end) {
        removed(context, &table->ranges[last]);
        last += 1;
    }
    if (last < table->count && table->ranges[last].start < end) {
        struct range piece = table->ranges[last];
        piece.end = end;
        table->ranges[last].start = end;
        removed(context, &piece);
    }
    for (size_t i = last; i < table->count; i++) {
        table->ranges[first + (i - last)] = table->ranges[i];
    }
    table->count -= last - first;
    return true;
}

const struct range *range_after(const struct range_table *table, uintptr_t address)
{
    size_t index = first_ending_after(table, address);
    return index < table->count ? &table->ranges[index] : NULL;
}

void range_table_end(struct range_table *table, const struct ledger_storage *storage)
{
    if (table->ranges != NULL) {
        storage->unmap_pages(table->ranges, table->capacity * sizeof *table->ranges);
    }
    *table = (struct range_table){.ranges = NULL, .count = 0, .capacity = 0};
}
