/* Requests for memory that failed: who asked for how much, and what was live at that moment. */
#include "ledger/ledger.h"

/* A program that asks again and again in vain shall not pay for a snapshot each time. */
#define SNAPSHOTS_AT_ONCE 4u
#define SNAPSHOT_REST_NS UINT64_C(50000000)

static void current_of_nodes(const void *source, uint64_t first, uint64_t count, uint64_t *values)
{
    const struct ledger *ledger = source;
    for (uint64_t i = 0; i < count; i++) {
        values[i] = ledger_node(ledger, (uint32_t)(first + i))->current_bytes;
    }
}

static void take_snapshot(struct ledger *ledger)
{
    struct fil_header *header = ledger->header;
    uint64_t number = ledger->snapshots + 1;
    uint64_t count = header->node_count;
    header->snapshot_number = 0; /* killed while it is written, there is none */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint64_t offset = 0;
    if (!ledger->storage.keep_snapshot(ledger->storage.context, count, current_of_nodes, ledger, &offset)) {
        return;
    }
    header->snapshot_offset = offset;
    header->snapshot_nodes = count;
    header->snapshot_failure = header->failed_requests;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->snapshot_number = number;
    ledger->snapshots = number;
}

void ledger_request_failed(struct ledger *ledger, uint64_t bytes, uint32_t node, enum fil_request kind)
{
    struct fil_header *header = ledger->header;
    uint64_t now = ledger->storage.clock_ns(ledger->storage.context);
    header->failures[header->failed_requests % FIL_FAILURES_KEPT] = (struct fil_failure){
        .bytes = bytes,
        .current_bytes = header->current_bytes,
        .clock_ns = now,
        .node = node,
        .kind = (uint32_t)kind,
    };
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    header->failed_requests += 1;
    if (ledger->snapshots < SNAPSHOTS_AT_ONCE || now - ledger->last_snapshot_ns > SNAPSHOT_REST_NS) {
        ledger->last_snapshot_ns = now;
        take_snapshot(ledger);
    }
}

void ledger_program_failed(struct ledger *ledger)
{
    ledger->header->uncaught_memory_error = 1;
    if (ledger->header->failed_requests == 0) {
        take_snapshot(ledger);
    }
}
