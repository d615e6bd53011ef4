/* Memory requests that failed: which call stack requested how much, and what was live at that moment. */
#include "ledger/ledger.h"

/* A program that keeps repeating a request that fails must not pay for a large snapshot each time. */
#define SNAPSHOTS_AT_ONCE 4u
#define SMALL_SNAPSHOT 20000u /* nodes */

/* The bytes of all nodes, then the bytes of big blocks and mappings of all nodes. */
static void current_of_nodes(const void *source, uint64_t first, uint64_t count, uint64_t *values)
{
    const struct ledger *ledger = source;
    uint64_t nodes = ledger->callstacks.used;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t place = first + i;
        values[i] = place < nodes ? ledger_node(ledger, (uint32_t)place)->current_bytes
                                  : callstack_table_big(&ledger->callstacks, (uint32_t)(place - nodes))->current_bytes;
    }
}

static void take_snapshot(struct ledger *ledger, uint64_t now, uint64_t failure)
{
    struct fil_header *header = ledger->header;
    uint64_t count = ledger->callstacks.used;
    uint64_t offset = 0;
    /* The new one goes next to the previous one, which stays if the new one cannot be written. */
    if (!ledger->storage.keep_snapshot(2 * count, current_of_nodes, ledger, &offset)) {
        return;
    }
    ledger->snapshots += 1;
    ledger->snapshot_bytes = header->current_bytes;
    header->snapshot_number = 0; /* if killed now, there is none */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->snapshot_offset = offset;
    header->snapshot_nodes = count;
    header->snapshot_failure = failure;
    header->snapshot_clock_ns = now;
    header->snapshot_mapped_bytes = header->counters[FIL_COUNTER_MAPPINGS].current_bytes;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->snapshot_number = ledger->snapshots;
}

/* Nothing has changed, or large snapshots would be written too often. */
static bool may_leave_out(const struct ledger *ledger, uint64_t now)
{
    const struct fil_header *header = ledger->header;
    if (header->snapshot_number == 0 || ledger->snapshots < SNAPSHOTS_AT_ONCE ||
        now - header->snapshot_clock_ns > FIL_SNAPSHOT_REST_NS) {
        return false;
    }
    return header->current_bytes == ledger->snapshot_bytes || ledger->callstacks.used > SMALL_SNAPSHOT;
}

void ledger_request_failed(struct ledger *ledger, uint64_t bytes, uint32_t node, enum fil_request kind)
{
    struct fil_header *header = ledger->header;
    uint64_t now = ledger->storage.clock_ns();
    header->failures[header->failed_requests % FIL_FAILURES_KEPT] = (struct fil_failure){
        .bytes = bytes,
        .current_bytes = header->current_bytes,
        .clock_ns = now,
        .node = node,
        .kind = (uint32_t)kind,
    };
    header->failure_allocations = header->allocations;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->failed_requests += 1;
    if (!may_leave_out(ledger, now)) {
        take_snapshot(ledger, now, header->failed_requests);
    }
}

uint32_t ledger_failed_node(const struct ledger *ledger)
{
    const struct fil_header *header = ledger->header;
    uint64_t failed = header->failed_requests;
    return failed == 0 ? FIL_NODE_NONE : header->failures[(failed - 1) % FIL_FAILURES_KEPT].node;
}

void ledger_program_failed(struct ledger *ledger, bool by_request)
{
    ledger->header->uncaught_memory_error = 1;
    if (!by_request) {
        take_snapshot(ledger, ledger->storage.clock_ns(), 0);
    }
}
