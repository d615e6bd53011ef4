/* Mappings that come, go, move and become memory. */
#include "ledger/ledger.h"

/* A program that keeps mapping new files must not fill the recording with their names. */
#define MOST_TEXTS 16384u

static void shrink_by_piece(void *context, const struct range *piece)
{
    struct ledger *ledger = context;
    uint64_t bytes = piece->end - piece->start;
    if (ledger_is_combined(ledger)) {
        ledger_fall(ledger, piece->node, bytes, true);
    } else {
        ledger_shrink(ledger, piece->node, bytes);
    }
    ledger_big(ledger, piece->node, 0, bytes);
    header_counter(ledger->header, FIL_COUNTER_MAPPINGS, 0, bytes);
}

static void grow_by_mapping(struct ledger *ledger, uintptr_t start, uint32_t node, uint64_t bytes)
{
    if (ledger_is_combined(ledger)) {
        ledger_rise(ledger, node, bytes, true);
    } else {
        ledger_grow(ledger, node, bytes);
    }
    ledger_big(ledger, node, bytes, 0);
    header_counter(ledger->header, FIL_COUNTER_MAPPINGS, bytes, 0);
    large_table_added(&ledger->large, ledger->header, &ledger->storage, start, bytes, node);
}

static void forget_piece(void *context, const struct range *piece)
{
    (void)context;
    (void)piece;
}

static void remove_files(struct ledger *ledger, uintptr_t start, uintptr_t end)
{
    if (!file_table_has(&ledger->files, start, end)) {
        return;
    }
    if (ledger_rises(ledger)) {
        ledger_new_peak(ledger); /* the peak included this file: record it before anything decreases */
    }
    if (!file_table_remove(&ledger->files, ledger->header, &ledger->storage, start, end)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
    }
}

uint64_t ledger_remove_range(struct ledger *ledger, uintptr_t start, uint64_t bytes)
{
    uint64_t before = ledger->header->current_bytes;
    uintptr_t end = start + bytes;
    if (!range_remove(&ledger->ranges, &ledger->storage, start, end, shrink_by_piece, ledger) ||
        !range_remove(&ledger->reserved, &ledger->storage, start, end, forget_piece, NULL)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
    }
    remove_files(ledger, start, end);
    large_table_removed(&ledger->large, ledger->header, start, end);
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

static void add_file(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t number)
{
    if (number == 0 ||
        !file_table_add(&ledger->files, ledger->header, &ledger->storage, start, start + bytes, number)) {
        ledger_missed(ledger, FIL_MISSED_MAPPING);
    }
}

static uint64_t text_of_path(struct ledger *ledger, const uint8_t *path, uint32_t length)
{
    if (length == 0 || ledger->files.texts >= MOST_TEXTS) {
        return 0;
    }
    size_t before = ledger->texts.texts.count;
    uint64_t text = ledger_text(ledger, path, length);
    ledger->files.texts += ledger->texts.texts.count != before;
    return text;
}

void ledger_add_file(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node, bool is_private,
                     const uint8_t *path, uint32_t length)
{
    (void)ledger_remove_range(ledger, start, bytes);
    if (bytes != 0) {
        uint64_t text = text_of_path(ledger, path, length);
        add_file(ledger, start, bytes,
                 file_table_record(&ledger->files, ledger->header, &ledger->storage, text, node, is_private));
    }
}

bool ledger_move_file(struct ledger *ledger, uintptr_t old, uint64_t old_bytes, uintptr_t start, uint64_t bytes)
{
    uint32_t number = file_table_at(&ledger->files, old);
    if (number == 0) {
        return false;
    }
    remove_files(ledger, old, old + old_bytes);
    (void)ledger_remove_range(ledger, start, bytes);
    add_file(ledger, start, bytes, number);
    return true;
}

void ledger_large_name(struct ledger *ledger, uintptr_t start, const uint8_t *path, uint32_t length)
{
    struct fil_large *record = large_table_at(&ledger->large, start);
    if (record != NULL) {
        record->path = ledger_text(ledger, path, length);
    }
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
        (void)ledger_remove_range(ledger, start, bytes); /* an unknown mapping is there now */
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
