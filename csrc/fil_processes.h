/* What the recorded processes of one run share, if there is more than one: a file that all of them map, and that the
 * supervisor and the reader read. csrc/ledger/combined.h explains it. Like the recording, it has only fixed-width
 * integers, and any process may be killed at any instruction. */
#ifndef FIL_PROCESSES_H
#define FIL_PROCESSES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"

#define FIL_PROCESSES_MAGIC "FILPROC\n"
#define FIL_PROCESSES_KEPT 1024u

enum fil_slot_state {
    FIL_SLOT_FREE = 0,
    FIL_SLOT_CLAIMED = 1, /* its process is about to fill it in */
    FIL_SLOT_LIVE = 2,
    FIL_SLOT_ENDED = 3 /* the process has ended: its memory no longer counts */
};

struct fil_slot {
    uint64_t total;      /* live tracked bytes, as last told to the other processes */
    uint64_t quota;      /* they are told when the total has changed by more than half of this; the largest so far */
    uint32_t state;      /* enum fil_slot_state */
    uint32_t pid;        /* of the process */
    uint32_t born_best;  /* the combined peak, in KiB, when it began */
    uint32_t ended_best; /* the same when it had ended */
    uint64_t reserved_too[4];
};

struct fil_processes {
    uint8_t magic[8];       /* FIL_PROCESSES_MAGIC */
    uint32_t version;       /* FIL_FORMAT_VERSION */
    uint32_t slots_used;    /* no slot from this one on was ever in use */
    uint64_t best_clock_ns; /* monotonic clock at the combined peak, to a few milliseconds */
    uint64_t quotas;        /* the most that the quotas of all live slots together have been */
    uint64_t reserved[4];
    uint64_t word; /* the combined peak in KiB (upper half), and how many turns were taken (lower half) */
    uint64_t reserved_too[7];
    struct fil_slot slots[FIL_PROCESSES_KEPT];
};

static_assert(sizeof(struct fil_slot) == 64, "a cache line for each process");
static_assert(offsetof(struct fil_processes, word) == 64, "a cache line of its own");
static_assert(offsetof(struct fil_processes, slots) == 128, "a cache line for each process");

#endif
