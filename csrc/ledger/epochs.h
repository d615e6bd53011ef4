/* Values at the peak, at O(1) per event: each has the epoch in which it was last correct (ledger.h). */
#ifndef FIL_LEDGER_EPOCHS_H
#define FIL_LEDGER_EPOCHS_H

#include <stdint.h>

/* Before `current` changes: if its epoch is not the newest, it still has its value at the peak. */
static inline void epoch_settle(uint32_t *epoch, uint32_t newest, uint64_t current, uint64_t *at_peak)
{
    if (*epoch != newest) {
        *at_peak = current;
        *epoch = newest;
    }
}

/* The newest epoch is about to become 1, and every older one 0. */
static inline uint32_t epoch_renumbered(uint32_t epoch, uint32_t newest)
{
    return epoch == newest ? 1 : 0;
}

#endif
