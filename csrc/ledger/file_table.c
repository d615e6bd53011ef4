#include "ledger/file_table.h"

#include "ledger/ledger.h"

#define FILE_OTHERS 1u
#define FIRST_FILE 2u
#define MOST_TEXTS 16384u /* a program that maps new files without end shall not fill the recording with their names */

static bool has_records(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    if (ledger->files.records == NULL) {
        uint64_t offset = 0;
        ledger->files.records = ledger->storage.files_segment(ledger->storage.context, &offset);
        if (ledger->files.records == NULL) {
            return false;
        }
        header->file_count = FIRST_FILE;
        header->files_offset = offset;
    }
    return true;
}

/* A record that tells of nothing: no bytes now, and none at the peak. */
static bool is_empty(const struct ledger *ledger, const struct fil_file *record)
{
    const struct fil_header *header = ledger->header;
    bool pending = header->current_bytes > header->peak_bytes;
    return record->current_bytes == 0 &&
           (pending || record->epoch != header->epoch || record->at_peak_bytes == 0);
}

/* The number of the record for that file and that callstack; FILE_OTHERS if there is no room for another. */
static uint32_t find_record(struct ledger *ledger, uint64_t path, uint32_t node, bool is_private)
{
    struct fil_header *header = ledger->header;
    struct fil_file *records = ledger->files.records;
    uint32_t free_number = 0;
    for (uint32_t number = FIRST_FILE; number < header->file_count; number++) {
        struct fil_file *record = &records[number];
        if (record->path == path && record->node == node && (record->is_private != 0) == is_private) {
            return number;
        }
        if (free_number == 0 && is_empty(ledger, record)) {
            free_number = number;
        }
    }
    if (free_number == 0) {
        if (header->file_count == FIL_FILES_KEPT) {
            return FILE_OTHERS;
        }
        free_number = header->file_count;
        header->file_count += 1;
    }
    records[free_number] =
        (struct fil_file){.path = path, .node = node, .is_private = is_private, .epoch = header->epoch,
                          .resident_bytes = FIL_NOT_KNOWN, .written_bytes = FIL_NOT_KNOWN};
    return free_number;
}

static struct fil_file *touched(const struct ledger *ledger, uint32_t number)
{
    struct fil_file *record = &ledger->files.records[number];
    if (record->epoch != ledger->header->epoch) {
        record->at_peak_bytes = record->current_bytes;
        record->epoch = ledger->header->epoch;
    }
    return record;
}

static void add_range(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t number)
{
    if (!range_add(&ledger->files.ranges, &ledger->storage, start, start + bytes, number)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
        return;
    }
    touched(ledger, number)->current_bytes += bytes;
    ledger_gauge(ledger, FIL_GAUGE_FILES, bytes, 0);
}

void ledger_add_file(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node, bool is_private,
                     const uint8_t *path, uint32_t length)
{
    (void)ledger_remove_range(ledger, start, bytes);
    if (bytes == 0) {
        return;
    }
    if (!has_records(ledger)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
        return;
    }
    uint64_t text = 0;
    if (length != 0 && ledger->files.texts < MOST_TEXTS) {
        size_t before = ledger->texts.count;
        text = ledger_text(ledger, path, length);
        ledger->files.texts += ledger->texts.count != before;
    }
    add_range(ledger, start, bytes, find_record(ledger, text, node, is_private));
}

bool ledger_move_file(struct ledger *ledger, uintptr_t old, uint64_t old_bytes, uintptr_t start, uint64_t bytes)
{
    const struct range *range = range_after(&ledger->files.ranges, old);
    if (range == NULL || range->start > old) {
        return false;
    }
    uint32_t number = range->node;
    ledger_remove_files(ledger, old, old + old_bytes);
    (void)ledger_remove_range(ledger, start, bytes);
    add_range(ledger, start, bytes, number);
    return true;
}

static void shrink_by_piece(void *context, const struct range *piece)
{
    struct ledger *ledger = context;
    touched(ledger, piece->node)->current_bytes -= piece->end - piece->start;
    ledger_gauge(ledger, FIL_GAUGE_FILES, 0, piece->end - piece->start);
}

void ledger_remove_files(struct ledger *ledger, uintptr_t start, uintptr_t end)
{
    const struct range *first = range_after(&ledger->files.ranges, start);
    if (first == NULL || first->start >= end) {
        return;
    }
    if (ledger->header->current_bytes > ledger->header->peak_bytes) {
        ledger_new_peak(ledger); /* the peak had this file: its moment is before anything gets less */
    }
    if (!range_remove(&ledger->files.ranges, &ledger->storage, start, end, shrink_by_piece, ledger)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
    }
}

void ledger_renumber_files(struct ledger *ledger)
{
    for (uint32_t number = FILE_OTHERS; ledger->files.records != NULL && number < ledger->header->file_count; number++) {
        struct fil_file *record = &ledger->files.records[number];
        record->epoch = record->epoch == ledger->header->epoch ? 1 : 0;
    }
}
