#include "ledger/large_table.h"

#include "ledger/counters.h"

static bool has_records(struct large_table *table, struct fil_header *header, const struct ledger_storage *storage)
{
    if (table->records == NULL && storage->large_segment != NULL) {
        uint64_t offset = 0;
        table->records = storage->large_segment(&offset);
        header->large_offset = table->records == NULL ? 0 : offset;
    }
    return table->records != NULL;
}

/* An empty record: no bytes now, and none at the peak. */
static bool is_empty(const struct fil_header *header, const struct fil_large *record)
{
    bool old = header_rises(header) || record->epoch != header->epoch;
    return record->current_bytes == 0 && (old || record->at_peak_bytes == 0);
}

static struct fil_large *free_record(struct large_table *table, struct fil_header *header)
{
    for (uint32_t number = 0; number < table->count; number++) {
        if (is_empty(header, &table->records[number])) {
            return &table->records[number];
        }
    }
    if (table->count == FIL_LARGE_KEPT) {
        return NULL;
    }
    table->count += 1;
    header->large_count = table->count;
    return &table->records[table->count - 1];
}

void large_table_added(struct large_table *table, struct fil_header *header, const struct ledger_storage *storage,
                       uintptr_t start, uint64_t bytes, uint32_t node)
{
    if (bytes < FIL_LARGE_BYTES || !has_records(table, header, storage)) {
        return;
    }
    struct fil_large *record = free_record(table, header);
    if (record != NULL) {
        *record = (struct fil_large){.start = start,
                                     .current_bytes = bytes,
                                     .at_peak_bytes = 0,
                                     .path = 0,
                                     .resident_bytes = FIL_NOT_KNOWN,
                                     .node = node,
                                     .epoch = header->epoch};
    }
}

void large_table_removed(struct large_table *table, const struct fil_header *header, uintptr_t start, uintptr_t end)
{
    for (uint32_t number = 0; number < table->count; number++) {
        struct fil_large *record = &table->records[number];
        uintptr_t first = (uintptr_t)record->start, behind = first + (uintptr_t)record->current_bytes;
        if (record->current_bytes == 0 || start >= behind || end <= first) {
            continue;
        }
        /* Of what is left on both sides only the larger piece keeps a record: two are rare. */
        uint64_t before = start > first ? start - first : 0;
        uint64_t after = behind > end ? behind - end : 0;
        epoch_settle(&record->epoch, header->epoch, record->current_bytes, &record->at_peak_bytes);
        record->current_bytes = before >= after ? before : after;
        if (after > before) {
            record->start = end;
        }
    }
}

struct fil_large *large_table_at(const struct large_table *table, uintptr_t start)
{
    for (uint32_t number = 0; number < table->count; number++) {
        struct fil_large *record = &table->records[number];
        if (record->start == start && record->current_bytes != 0) {
            return record;
        }
    }
    return NULL;
}

void large_table_renumber(struct large_table *table, const struct fil_header *header)
{
    for (uint32_t number = 0; number < table->count; number++) {
        table->records[number].epoch = epoch_renumbered(table->records[number].epoch, header->epoch);
    }
}
