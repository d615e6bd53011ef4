#include "ledger/large_table.h"

#include "ledger/ledger.h"

static bool has_records(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    if (ledger->large == NULL && ledger->storage.large_segment != NULL) {
        uint64_t offset = 0;
        ledger->large = ledger->storage.large_segment(ledger->storage.context, &offset);
        header->large_offset = ledger->large == NULL ? 0 : offset;
    }
    return ledger->large != NULL;
}

/* A record that tells of nothing: no bytes now, and none at the peak. */
static bool is_empty(const struct ledger *ledger, const struct fil_large *record)
{
    bool old = ledger_rises(ledger) || record->epoch != ledger->header->epoch;
    return record->current_bytes == 0 && (old || record->at_peak_bytes == 0);
}

static struct fil_large *free_record(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    for (uint32_t number = 0; number < header->large_count; number++) {
        if (is_empty(ledger, &ledger->large[number])) {
            return &ledger->large[number];
        }
    }
    if (header->large_count == FIL_LARGE_KEPT) {
        return NULL;
    }
    header->large_count += 1;
    return &ledger->large[header->large_count - 1];
}

void ledger_large_added(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node)
{
    if (bytes < FIL_LARGE_BYTES || !has_records(ledger)) {
        return;
    }
    struct fil_large *record = free_record(ledger);
    if (record != NULL) {
        *record = (struct fil_large){.start = start, .current_bytes = bytes, .at_peak_bytes = 0, .path = 0,
                                     .resident_bytes = FIL_NOT_KNOWN, .node = node, .epoch = ledger->header->epoch};
    }
}

static void set_bytes(const struct ledger *ledger, struct fil_large *record, uint64_t bytes)
{
    if (record->epoch != ledger->header->epoch) {
        record->at_peak_bytes = record->current_bytes;
        record->epoch = ledger->header->epoch;
    }
    record->current_bytes = bytes;
}

void ledger_large_removed(struct ledger *ledger, uintptr_t start, uintptr_t end)
{
    for (uint32_t number = 0; ledger->large != NULL && number < ledger->header->large_count; number++) {
        struct fil_large *record = &ledger->large[number];
        uintptr_t first = (uintptr_t)record->start, behind = first + (uintptr_t)record->current_bytes;
        if (record->current_bytes == 0 || start >= behind || end <= first) {
            continue;
        }
        /* Of what is left on both sides the larger piece is told of: it is rare that there are two. */
        uint64_t before = start > first ? start - first : 0;
        uint64_t after = behind > end ? behind - end : 0;
        set_bytes(ledger, record, before >= after ? before : after);
        if (after > before) {
            record->start = end;
        }
    }
}

void ledger_large_name(struct ledger *ledger, uintptr_t start, const uint8_t *path, uint32_t length)
{
    for (uint32_t number = 0; ledger->large != NULL && number < ledger->header->large_count; number++) {
        struct fil_large *record = &ledger->large[number];
        if (record->start == start && record->current_bytes != 0) {
            record->path = ledger_text(ledger, path, length);
            return;
        }
    }
}

void ledger_renumber_large(struct ledger *ledger)
{
    for (uint32_t number = 0; ledger->large != NULL && number < ledger->header->large_count; number++) {
        struct fil_large *record = &ledger->large[number];
        record->epoch = record->epoch == ledger->header->epoch ? 1 : 0;
    }
}
