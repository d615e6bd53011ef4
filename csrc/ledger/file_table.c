#include "ledger/file_table.h"

#include <stddef.h>

#include "ledger/counters.h"

#define FILE_OTHERS 1u
#define FIRST_FILE 2u

static bool has_records(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage)
{
    if (table->records == NULL) {
        uint64_t offset = 0;
        table->records = storage->files_segment(&offset);
        if (table->records == NULL) {
            return false;
        }
        header->file_count = table->count = FIRST_FILE;
        header->files_offset = offset;
    }
    return true;
}

/* An empty record: no bytes now, and none at the peak. */
static bool is_empty(const struct fil_header *header, const struct fil_file *record)
{
    return record->current_bytes == 0 &&
           (header_rises(header) || record->epoch != header->epoch || record->at_peak_bytes == 0);
}

uint32_t file_table_record(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                           uint64_t path, uint32_t node, bool is_private)
{
    if (!has_records(table, header, storage)) {
        return 0;
    }
    uint32_t free_number = 0;
    for (uint32_t number = FIRST_FILE; number < table->count; number++) {
        const struct fil_file *record = &table->records[number];
        if (record->path == path && record->node == node && (record->is_private != 0) == is_private) {
            return number;
        }
        if (free_number == 0 && is_empty(header, record)) {
            free_number = number;
        }
    }
    if (free_number == 0) {
        if (table->count == FIL_FILES_KEPT) {
            return FILE_OTHERS;
        }
        free_number = table->count;
        table->count += 1;
        header->file_count = table->count;
    }
    table->records[free_number] = (struct fil_file){.path = path,
                                                    .node = node,
                                                    .is_private = is_private,
                                                    .epoch = header->epoch,
                                                    .resident_bytes = FIL_NOT_KNOWN,
                                                    .written_bytes = FIL_NOT_KNOWN};
    return free_number;
}

static void change(const struct file_table *table, struct fil_header *header, uint32_t number, uint64_t grown,
                   uint64_t shrunk)
{
    struct fil_file *record = &table->records[number];
    epoch_settle(&record->epoch, header->epoch, record->current_bytes, &record->at_peak_bytes);
    record->current_bytes += grown - shrunk;
    header_counter(header, FIL_COUNTER_FILES, grown, shrunk);
}

bool file_table_add(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                    uintptr_t start, uintptr_t end, uint32_t number)
{
    if (!range_add(&table->ranges, storage, start, end, number)) {
        return false;
    }
    change(table, header, number, end - start, 0);
    return true;
}

uint32_t file_table_at(const struct file_table *table, uintptr_t address)
{
    const struct range *range = range_after(&table->ranges, address);
    return range == NULL || range->start > address ? 0 : range->node;
}

bool file_table_has(const struct file_table *table, uintptr_t start, uintptr_t end)
{
    const struct range *first = range_after(&table->ranges, start);
    return first != NULL && first->start < end;
}

struct removal {
    const struct file_table *table;
    struct fil_header *header;
};

static void shrink_by_piece(void *context, const struct range *piece)
{
    const struct removal *removal = context;
    change(removal->table, removal->header, piece->node, 0, piece->end - piece->start);
}

bool file_table_remove(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                       uintptr_t start, uintptr_t end)
{
    struct removal removal = {.table = table, .header = header};
    return range_remove(&table->ranges, storage, start, end, shrink_by_piece, &removal);
}

void file_table_renumber(struct file_table *table, const struct fil_header *header)
{
    for (uint32_t number = FILE_OTHERS; table->records != NULL && number < table->count; number++) {
        table->records[number].epoch = epoch_renumbered(table->records[number].epoch, header->epoch);
    }
}

void file_table_end(struct file_table *table, const struct ledger_storage *storage)
{
    range_table_end(&table->ranges, storage);
    *table = (struct file_table){.records = NULL};
}
