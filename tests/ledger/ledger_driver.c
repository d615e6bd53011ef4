/* Runs ledger events from standard input and writes what the ledger then says to standard output.
 *
 * Input: struct order, then `count` records of struct event. Output: u64 values as written by report().
 * The ledger's storage is plain malloc here, and can be told to run out after a number of requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"

#define MANY_REQUESTS (UINT64_C(1) << 32)

enum event_kind {
    ADD_BLOCK,
    REMOVE_BLOCK,
    FAIL_REALLOC,
    ADD_RANGE,
    REMOVE_RANGE,
    CHILD,
    MARK_BLOCK,
    REQUEST_FAILED,
    PROGRAM_FAILED,
    RESERVE,
    USE,
    HAND_OVER,
    EPOCHS_PASS
};

struct event {
    uint32_t kind;
    uint32_t node; /* index into the nodes made by CHILD events; its parent for CHILD */
    uint64_t address;
    uint64_t bytes;
};

struct order {
    uint64_t count;
    uint64_t requests_allowed; /* of storage, before it says no */
    uint64_t first_epoch;
};

static uint64_t requests_left;
static uint64_t text_offset = 4096;
static uint32_t *made_nodes;
static uint64_t made_count;

static void *take(size_t bytes)
{
    if (requests_left == 0) {
        return NULL;
    }
    requests_left -= 1;
    return calloc(1, bytes);
}

static void give(void *pages, size_t bytes)
{
    (void)bytes;
    free(pages);
}

static void empty(void *pages, size_t bytes)
{
    memset(pages, 0, bytes);
}

static struct fil_nodes *next_nodes(void)
{
    return take(sizeof(struct fil_nodes));
}

static struct fil_code *next_codes(void)
{
    return take(FIL_CODES_PER_SEGMENT * sizeof(struct fil_code));
}

static uint8_t *next_text(size_t bytes, uint64_t *offset, size_t *room)
{
    *room = bytes > 256 ? bytes : 256;
    *offset = text_offset;
    text_offset += *room;
    return take(*room);
}

/* An hour passes from one look to the next. */
static uint64_t fast_clock(void)
{
    static uint64_t now;
    now += UINT64_C(3600000000000);
    return now;
}

static uint64_t *snapshot;

/* In pieces, as the recording does it. */
static bool keep_snapshot(uint64_t count, snapshot_values *values, const void *source, uint64_t *offset)
{
    free(snapshot);
    snapshot = calloc(count + 1, sizeof *snapshot);
    for (uint64_t first = 0; first < count; first += 5) {
        values(source, first, count - first < 5 ? count - first : 5, snapshot + first);
    }
    *offset = 4096;
    return true;
}

static void put(uint64_t value)
{
    if (fwrite(&value, sizeof value, 1, stdout) != 1) {
        exit(3);
    }
}

static struct fil_file *all_files(uint64_t *offset)
{
    *offset = 8192;
    return take(FIL_FILES_KEPT * sizeof(struct fil_file));
}

static struct fil_large *all_large(uint64_t *offset)
{
    *offset = 12288;
    return take(FIL_LARGE_KEPT * sizeof(struct fil_large));
}

static void run(struct ledger *ledger, const struct event *event)
{
    uint32_t node = made_nodes[event->node % made_count];
    uint32_t *slot = block_slot(&ledger->blocks, event->address);
    struct block taken;
    switch (event->kind) {
    case ADD_BLOCK:
        ledger_add_block(ledger, event->address, event->bytes, node);
        break;
    case REMOVE_BLOCK:
        if (slot != NULL && slot[0] != 0) {
            (void)ledger_take_block(ledger, slot);
        }
        break;
    case FAIL_REALLOC:
        if (slot != NULL && slot[0] != 0) {
            taken = ledger_take_block(ledger, slot);
            ledger_restore_block(ledger, slot, &taken);
        }
        break;
    case ADD_RANGE:
        ledger_add_range(ledger, event->address, event->bytes, node);
        break;
    case REMOVE_RANGE:
        (void)ledger_remove_range(ledger, event->address, event->bytes);
        break;
    case CHILD:
        made_nodes[made_count++] = ledger_child(ledger, node, (uint32_t)event->address, (int32_t)event->bytes);
        break;
    case MARK_BLOCK:
        if (slot != NULL && slot[0] != 0 && block_read(slot).bytes >= BLOCK_MARK_BYTES) {
            block_set_mark(slot, 7, FIL_NODE_ROOT);
        }
        break;
    case REQUEST_FAILED:
        ledger_request_failed(ledger, event->bytes, node, FIL_REQUEST_BLOCK);
        break;
    case PROGRAM_FAILED:
        ledger_program_failed(ledger, false);
        break;
    case RESERVE:
        ledger_reserve_range(ledger, event->address, event->bytes);
        break;
    case USE:
        if (ledger_has_reserved(ledger, event->address, event->bytes)) {
            ledger_use_range(ledger, event->address, event->bytes, node);
        }
        break;
    case HAND_OVER:
        if (slot != NULL && slot[0] != 0) {
            ledger_hand_over(ledger, slot, node, false);
        }
        break;
    case EPOCHS_PASS:
        if (ledger_rises(ledger)) {
            ledger_new_peak(ledger);
            /* Now every row is older than the newest epoch, whatever number that has. */
            if (ledger->header->epoch < UINT32_MAX - 1) {
                ledger->header->epoch = UINT32_MAX - 1;
            }
        }
        break;
    default:
        exit(4);
    }
}

/* total, peak, epoch, missed events; then the nodes as made; then current and at-peak bytes of every node, and
 * of its big blocks and mappings; then ranges;
 * then failed requests and the snapshot; then large mappings. */
static void report(const struct ledger *ledger)
{
    const struct fil_header *header = ledger->header;
    bool rising = header->current_bytes > header->peak_bytes;
    uint64_t missed = 0;
    for (int i = 0; i < FIL_MISSED_REASONS; i++) {
        missed += header->missed[i];
    }
    put(header->current_bytes);
    put(rising ? header->current_bytes : header->peak_bytes);
    put(header->epoch);
    put(missed);
    put(made_count);
    for (uint64_t i = 0; i < made_count; i++) {
        put(made_nodes[i]);
    }
    put(header->node_count);
    for (uint32_t i = 0; i < header->node_count; i++) {
        const struct fil_node *row = ledger_node(ledger, i);
        put(row->current_bytes);
        put(!rising && row->epoch == header->epoch ? row->at_peak_bytes : row->current_bytes);
        const struct fil_big *big = callstack_table_big(&ledger->callstacks, i);
        put(big->current_bytes);
        put(!rising && big->epoch == header->epoch ? big->at_peak_bytes : big->current_bytes);
    }
    put(ledger->ranges.count);
    for (size_t i = 0; i < ledger->ranges.count; i++) {
        put(ledger->ranges.ranges[i].start);
        put(ledger->ranges.ranges[i].end);
        put(ledger->ranges.ranges[i].node);
    }
    put(ledger->reserved.count);
    for (size_t i = 0; i < ledger->reserved.count; i++) {
        put(ledger->reserved.ranges[i].start);
        put(ledger->reserved.ranges[i].end);
    }
    put(header->failed_requests);
    for (uint64_t i = 0; i < FIL_FAILURES_KEPT; i++) {
        put(header->failures[i].bytes);
        put(header->failures[i].current_bytes);
        put(header->failures[i].node);
    }
    put(header->snapshot_failure);
    uint64_t kept = header->snapshot_number == 0 ? 0 : 2 * header->snapshot_nodes;
    put(kept);
    for (uint64_t i = 0; i < kept; i++) {
        put(snapshot[i]);
    }
    put(header->large_count);
    for (uint32_t i = 0; i < header->large_count; i++) {
        const struct fil_large *record = &ledger->large.records[i];
        put(record->start);
        put(record->node);
        put(record->current_bytes);
        put(!rising && record->epoch == header->epoch ? record->at_peak_bytes : record->current_bytes);
    }
}

int main(void)
{
    struct order order;
    if (fread(&order, sizeof order, 1, stdin) != 1) {
        return 2;
    }
    struct event *events = calloc(order.count + 1, sizeof *events);
    made_nodes = calloc(order.count + 1, sizeof *made_nodes);
    struct ledger *ledger = calloc(1, sizeof *ledger);
    struct fil_header *header = calloc(1, sizeof *header);
    if (events == NULL || made_nodes == NULL || ledger == NULL || header == NULL ||
        fread(events, sizeof *events, order.count, stdin) != order.count) {
        return 2;
    }
    const struct ledger_storage storage = {
        .map_pages = take,
        .map_table = take,
        .unmap_pages = give,
        .empty_pages = empty,
        .next_node_segment = next_nodes,
        .next_code_segment = next_codes,
        .files_segment = all_files,
        .large_segment = all_large,
        .next_text_segment = next_text,
        .keep_snapshot = keep_snapshot,
        .clock_ns = fast_clock,
    };
    requests_left = order.requests_allowed;
    /* Where storage is not what is tested, all of it twice: what was ended must not be seen by what comes after. */
    for (int again = requests_left > MANY_REQUESTS; again >= 0; again--) {
        if (!ledger_init(ledger, header, &storage)) {
            return 5;
        }
        header->epoch = (uint32_t)order.first_epoch;
        made_count = 0;
        made_nodes[made_count++] = FIL_NODE_ROOT;
        for (uint64_t i = 0; i < order.count; i++) {
            run(ledger, &events[i]);
        }
        if (!ledger_is_intact(ledger)) {
            return 6;
        }
        if (again > 0) {
            ledger_end(ledger);
            memset(header, 0, sizeof *header);
        }
    }
    report(ledger);
    return 0;
}
