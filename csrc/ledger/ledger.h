/* The ledger: which call stack owns each live byte, and how much each owned at the peak.
 *
 * It knows no operating system, no C library and no Python: pages and segments come from the functions in `struct
 * ledger_storage`. So it is tested, fuzzed and sanitized alone. It does no locking either: its caller orders the events
 * (see csrc/README.md, "Lock order").
 *
 * The peak is exact at O(1) per event by epochs:
 *   - before any decrease, a total above the peak so far becomes the peak, and the epoch increases by one;
 *   - before any change of a node's bytes, a node of an older epoch stores its bytes as those "at the peak";
 *   - the reader takes at_peak_bytes where the node's epoch is the newest, else current_bytes.
 */
#ifndef FIL_LEDGER_H
#define FIL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/block_table.h"
#include "ledger/callstack_table.h"
#include "ledger/code_table.h"
#include "ledger/combined.h"
#include "ledger/counters.h"
#include "ledger/file_table.h"
#include "ledger/large_table.h"
#include "ledger/range_table.h"
#include "ledger/storage.h"
#include "ledger/text_table.h"
#include "ledger/thread_table.h"

struct ledger {
    struct fil_header *header; /* counters are in the recording */
    struct callstack_table callstacks;
    struct ledger_storage storage;
    struct block_table blocks;
    struct range_table ranges;   /* mappings that count */
    struct range_table reserved; /* addresses without memory: the program has nothing there yet */
    struct file_table files;     /* mappings of files: they are no part of the total */
    struct large_table large;
    struct text_table texts;
    struct code_table codes;
    struct fil_threads *threads; /* in the recording; NULL: threads are not distinguished */
    uint64_t snapshots;          /* taken so far */
    uint64_t snapshot_bytes;     /* live when the last one was taken */
    struct combined combined;    /* the process's part of the combined peak */
};

/* Begin with an empty ledger. `ledger` is zeroed memory, `header` a zeroed header whose counters this call sets up.
 * Returns false if storage has no room for the first segment of nodes. */
bool ledger_init(struct ledger *ledger, struct fil_header *header, const struct ledger_storage *storage);

/* End what ledger_init began: forget everything, and release memory. The caller closes the recording. */
void ledger_end(struct ledger *ledger);

static inline struct fil_node *ledger_node(const struct ledger *ledger, uint32_t node)
{
    return callstack_table_node(&ledger->callstacks, node);
}

/* The call stack without its innermost frame, which has a lower number, or FIL_NODE_NONE. */
static inline uint32_t ledger_parent(const struct ledger *ledger, uint32_t node)
{
    return callstack_table_parent(&ledger->callstacks, node);
}

static inline void ledger_missed(struct ledger *ledger, enum fil_missed reason)
{
    header_missed(ledger->header, reason);
}

/* Is the recording still what was counted? Other processes can write there. Reads everything, so only at the end. */
bool ledger_is_intact(const struct ledger *ledger);

/* Record the current total as the peak so far. Not inline, so that the common path needs few registers. */
__attribute__((noinline)) void ledger_new_peak(struct ledger *ledger);

static inline void ledger_touch(const struct ledger *ledger, struct fil_node *row)
{
    epoch_settle(&row->epoch, ledger->header->epoch, row->current_bytes, &row->at_peak_bytes);
}

/* Notes `node` as the latest allocation site of `thread` (NULL: an unknown one). */
static inline void ledger_thread_note(const struct ledger *ledger, struct fil_thread *thread, uint32_t node)
{
    if (thread != NULL) {
        thread_table_note(ledger->threads, ledger->header->epoch, thread, node);
    }
}

static inline __attribute__((always_inline)) void ledger_grow(struct ledger *ledger, uint32_t node, uint64_t bytes)
{
    struct fil_node *row = ledger_node(ledger, node);
    ledger_touch(ledger, row);
    row->current_bytes += bytes;
    ledger->header->current_bytes += bytes;
    ledger->header->allocated_bytes += bytes;
    ledger->header->allocations += 1;
}

/* After ledger_grow or ledger_shrink: these bytes are a big block, or a mapping. */
static inline void ledger_big(const struct ledger *ledger, uint32_t node, uint64_t grown, uint64_t shrunk)
{
    struct fil_big *big = callstack_table_big(&ledger->callstacks, node);
    epoch_settle(&big->epoch, ledger->header->epoch, big->current_bytes, &big->at_peak_bytes);
    big->current_bytes += grown - shrunk;
}

/* Is the current total above the peak so far? */
static inline bool ledger_rises(const struct ledger *ledger)
{
    return header_rises(ledger->header);
}

static inline void ledger_shrink(struct ledger *ledger, uint32_t node, uint64_t bytes)
{
    struct fil_node *row = ledger_node(ledger, node);
    if (ledger_rises(ledger)) {
        ledger_new_peak(ledger);
    }
    ledger_touch(ledger, row);
    row->current_bytes -= bytes;
    ledger->header->current_bytes -= bytes;
}

/* The same for an event of a process that is one of several, if the others are told of it. */
__attribute__((noinline)) void ledger_rise_far(struct ledger *ledger, uint32_t node, uint64_t bytes);
__attribute__((noinline)) void ledger_fall_far(struct ledger *ledger, uint32_t node, uint64_t bytes);

/* Does the total stay in the window that nobody need be told of? If the process is one of several. */
static inline bool ledger_rises_near(const struct ledger *ledger, uint64_t bytes)
{
    return ledger->header->current_bytes + bytes <= ledger->combined.high;
}

static inline bool ledger_falls_near(const struct ledger *ledger, uint64_t bytes)
{
    return ledger->header->current_bytes >= ledger->combined.low + bytes;
}

/* The same for a process that may be one of several. `combined` is a constant to each caller: code for a process that
 * is alone has no test. */
static inline __attribute__((always_inline)) void ledger_rise(struct ledger *ledger, uint32_t node, uint64_t bytes,
                                                              bool combined)
{
    if (combined) {
        if (!ledger_rises_near(ledger, bytes)) {
            ledger_rise_far(ledger, node, bytes);
            return;
        }
        combined_keep(&ledger->callstacks, node, combined_best(&ledger->combined));
    }
    ledger_grow(ledger, node, bytes);
}

static inline __attribute__((always_inline)) void ledger_fall(struct ledger *ledger, uint32_t node, uint64_t bytes,
                                                              bool combined)
{
    if (combined) {
        if (!ledger_falls_near(ledger, bytes)) {
            ledger_fall_far(ledger, node, bytes);
            return;
        }
        combined_keep(&ledger->callstacks, node, combined_best(&ledger->combined));
    }
    ledger_shrink(ledger, node, bytes);
}

/* Is this process one of several? */
static inline bool ledger_is_combined(const struct ledger *ledger)
{
    return ledger->combined.shared != NULL;
}

/* The block in `slot` (not empty) is `node`'s from now on. The total stays: if it is above the peak so far, the peak is
 * yet to come, or it is this moment. */
static inline __attribute__((always_inline)) void ledger_hand_over(struct ledger *ledger, uint32_t *slot, uint32_t node,
                                                                   bool combined)
{
    struct block block = block_read(slot);
    struct fil_node *from = ledger_node(ledger, block.node);
    struct fil_node *to = ledger_node(ledger, node);
    if (combined) {
        uint32_t best = combined_best(&ledger->combined);
        combined_keep(&ledger->callstacks, block.node, best);
        combined_keep(&ledger->callstacks, node, best);
    }
    ledger_touch(ledger, from);
    ledger_touch(ledger, to);
    from->current_bytes -= block.bytes;
    to->current_bytes += block.bytes;
    if (block.bytes >= FIL_BIG_BYTES) {
        ledger_big(ledger, block.node, 0, block.bytes);
        ledger_big(ledger, node, block.bytes, 0);
    }
    block_set_node(slot, node);
}

/* A block of `bytes` at `address` now belongs to `node`. A block already recorded there is removed first: its release
 * was not seen. Zero bytes are not recorded. */
void ledger_add_block(struct ledger *ledger, uintptr_t address, uint64_t bytes, uint32_t node);

/* Remove the entry in `slot` (from block_slot, not empty): it is no longer live. Returns what it was. */
struct block ledger_take_block(struct ledger *ledger, uint32_t *slot);

/* Restore what ledger_take_block removed from `slot`: the release failed. */
void ledger_restore_block(struct ledger *ledger, uint32_t *slot, const struct block *block);

/* The same three for a process that is one of several. */
void ledger_add_block_combined(struct ledger *ledger, uintptr_t address, uint64_t bytes, uint32_t node);
struct block ledger_take_block_combined(struct ledger *ledger, uint32_t *slot);
void ledger_restore_block_combined(struct ledger *ledger, uint32_t *slot, const struct block *block);

/* Bytes [start, start + bytes) are now a mapping of `node`, which replaces anything recorded there. */
void ledger_add_range(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node);

/* The mapping that begins at `start` is shared memory of this name, of `length` bytes. Stored for large ones only. */
void ledger_large_name(struct ledger *ledger, uintptr_t start, const uint8_t *path, uint32_t length);

/* Bytes [start, start + bytes) are now addresses without memory: they do not count until they are used. */
void ledger_reserve_range(struct ledger *ledger, uintptr_t start, uint64_t bytes);

/* The reserved parts of [start, start + bytes) are memory of `node` from now on. */
void ledger_use_range(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node);

/* Is any of [start, start + bytes) reserved? Is any of it memory that counts? */
bool ledger_has_reserved(const struct ledger *ledger, uintptr_t start, uint64_t bytes);
bool ledger_has_counted(const struct ledger *ledger, uintptr_t start, uint64_t bytes);

/* The length of the range that begins at `start`; 0 if none does. */
uint64_t ledger_range_at(const struct ledger *ledger, uintptr_t start);

/* Bytes [start, start + bytes) are now a mapping of the file at `path`, of `length` bytes, by `node`. */
void ledger_add_file(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node, bool is_private,
                     const uint8_t *path, uint32_t length);

/* The mapping of a file at `old` is at [start, start + bytes) from now on, and not at `old`. False if there is none. */
bool ledger_move_file(struct ledger *ledger, uintptr_t old, uint64_t old_bytes, uintptr_t start, uint64_t bytes);

/* The contents of [old, old + bytes) are at `start` from now on, piece by piece; the two do not overlap. Where the old
 * range is empty, the new place does not change. Memory that counts belongs to `node` there. `leaves_old`: the old
 * range stays mapped too, emptied, and can fill again. */
void ledger_move_pieces(struct ledger *ledger, uintptr_t old, uint64_t bytes, uintptr_t start, uint32_t node,
                        bool leaves_old);

/* Bytes [start, start + bytes) are no longer mapped, or no longer memory that counts. Returns how many were
 * recorded. */
uint64_t ledger_remove_range(struct ledger *ledger, uintptr_t start, uint64_t bytes);

/* `node` requested `bytes`, which failed: record it, and a snapshot of what is live now, unless there is a recent
 * one. */
void ledger_request_failed(struct ledger *ledger, uint64_t bytes, uint32_t node, enum fil_request kind);

/* The call stack of the last failed request; FIL_NODE_NONE if none has failed. */
uint32_t ledger_failed_node(const struct ledger *ledger);

/* The program is about to end out of memory. Take a snapshot of what is live now; but if the last failed request has
 * led to it (`by_request`), that request's snapshot stays. */
void ledger_program_failed(struct ledger *ledger, bool by_request);

/* The call stack `parent` continued by a frame at `offset` in function `code`. Creates the node if it is new;
 * FIL_NODE_LOST if there is no room for it. */
static inline uint32_t ledger_child(struct ledger *ledger, uint32_t parent, uint32_t code, int32_t offset)
{
    return callstack_table_child(&ledger->callstacks, ledger->header, &ledger->storage, parent, code, offset);
}

/* The number of the function that `code` describes, recorded if it is new; 0 if there is no room. */
static inline uint32_t ledger_code(struct ledger *ledger, const struct fil_code *code)
{
    return code_table_number(&ledger->codes, ledger->header, &ledger->storage, code);
}

/* The place in the recording of these bytes, stored if they are new; 0 if there is no room (counted as missed). */
uint64_t ledger_text(struct ledger *ledger, const uint8_t *bytes, uint32_t count);

/* The calling thread's first memory request: see thread_table.h. NULL if threads are not distinguished. */
static inline struct fil_thread *ledger_thread_begin(struct ledger *ledger, const char *name, uint32_t start)
{
    return ledger->threads == NULL ? NULL : thread_table_begin(ledger->threads, ledger->header->epoch, name, start);
}

static inline void ledger_thread_end(const struct ledger *ledger, struct fil_thread *thread)
{
    thread_table_end(ledger->header->epoch, thread);
}

static inline void ledger_thread_link(const struct ledger *ledger, const struct fil_thread *thread, uint32_t mark)
{
    thread_table_link(ledger->threads, thread, mark);
}

#endif
