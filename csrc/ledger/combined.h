/* The combined peak: the moment when all processes of a run together had most, and what each call stack of each process
 * had then.
 *
 * The processes share one file (struct fil_processes), and no lock: any of them may be killed at any instruction.
 *
 * The cut. The upper half of the shared `word` is the best total so far, in KiB. It only rises, so it also numbers the
 * moments at which it rose. Each event takes place when it reads the word: before it changes a row (a node's bytes), a
 * row that was last changed under another best keeps its bytes beside that best. So for every best, each event of each
 * process lies entirely before or after the instant at which the best rose, and what the rows kept is exactly what all
 * had at that instant.
 *
 * The total. Each process has a slot with its total, as last shown to the others, and a window around that. As long as
 * its total stays in the window it shows nothing. When an event leaves the window:
 *   - a rise is counted first, then shown, then the process looks;
 *   - a fall is shown first, then counted.
 * To look is to add up all slots, and to make the sum the best if it is higher. Every event that leaves the window also
 * takes a turn: it raises the lower half of the word by one, so a look that overlaps with it fails and looks again. The
 * best that such an event counts under is the one that its turn has found.
 *
 * The bound. Let M be the most that was held at any instant: rises that have returned, falls that have not begun. Each
 * process differs from its slot by at most half its window's width W, and each shown rise is followed by a look; so at
 * any time the best is at least M - sum(W) / 2 less what rounding to KiB takes. When the best rose, each total was at
 * least its slot's less W / 2. So the cut's total is at least M - sum(W) - 1 KiB. W is a part of the best divided by
 * the number of processes, so that sum(W) is at most about a thousandth of the best; the most that it was is kept, so
 * that the reader can tell how much higher than the cut's total the true maximum can have been.
 *
 * A process that is killed leaves its slot. When the supervisor notices, it ends the slot and takes a turn: the best
 * that this turn finds is the last one to which the process belongs.
 *
 * The first process runs alone, and none of this exists, until it starts or forks another. Its own peak until then is
 * the first best; if it stays the best, its rows at the process's own peak are the cut.
 */
#ifndef FIL_LEDGER_COMBINED_H
#define FIL_LEDGER_COMBINED_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"
#include "fil_processes.h"
#include "ledger/callstack_table.h"
#include "ledger/counters.h"

/* The part of one process. */
struct combined {
    struct fil_processes *shared; /* NULL: the process is alone */
    struct fil_slot *slot;
    uint64_t low; /* the window: totals for which nothing is shown */
    uint64_t high;
    uint32_t processes; /* how many there were when it last looked */
    uint64_t (*clock_ns)(void);
};

/* This process is one of several from now on. `shared`: the mapped file, which the first process has initialized.
 * Returns false if all slots are taken; then the process stays alone. Called inside an event. */
bool combined_enter(struct combined *combined, struct fil_processes *shared, struct fil_header *header, uint32_t pid,
                    uint64_t (*clock_ns)(void));

/* The file has just been made, and no other process knows it: fill it in for the first one. */
void combined_begin(struct fil_processes *shared);

/* The process of this slot has ended. The supervisor or the process's parent calls this, whichever notices first. */
void combined_ended(struct fil_processes *shared, uint32_t slot);

#ifndef COMBINED_STEP
#    define COMBINED_STEP() ((void)0) /* for the tests: another process may run here */
#endif

/* The best now, in KiB. */
static inline uint32_t combined_best(const struct combined *combined)
{
    uint64_t word = __atomic_load_n(&combined->shared->word, __ATOMIC_ACQUIRE);
    COMBINED_STEP();
    return (uint32_t)(word >> 32);
}

/* A row is about to change, in an event that takes place under this best. */
static inline void combined_keep(const struct callstack_table *rows, uint32_t node, uint32_t best)
{
    struct fil_combined *kept = callstack_table_combined(rows, node);
    if (kept->best != best) {
        kept->bytes = callstack_table_node(rows, node)->current_bytes;
        kept->best = best;
    }
}

/* Around an event that leaves the window: a rise of the total, or a fall by `bytes`, in the row of `node`. */
void combined_before_rise(struct combined *combined, const struct callstack_table *rows, uint32_t node);
void combined_after_rise(struct combined *combined, const struct fil_header *header);
void combined_before_fall(struct combined *combined, const struct fil_header *header,
                          const struct callstack_table *rows, uint32_t node, uint64_t bytes);
void combined_after_fall(struct combined *combined, const struct fil_header *header);

#endif
