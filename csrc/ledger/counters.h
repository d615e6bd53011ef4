/* The counters in the recording's header, and how each changes. */
#ifndef FIL_LEDGER_COUNTERS_H
#define FIL_LEDGER_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/epochs.h"

/* An event could not be recorded as it was. */
static inline void header_missed(struct fil_header *header, enum fil_missed reason)
{
    header->missed[reason] += 1;
}

/* Is the current total above the peak so far? */
static inline bool header_rises(const struct fil_header *header)
{
    return header->current_bytes > header->peak_bytes;
}

/* Bytes of a counter come and go. If they are a part of the total, change that first: it settles the epoch. */
static inline void header_counter(struct fil_header *header, enum fil_counter_kind kind, uint64_t grown,
                                  uint64_t shrunk)
{
    struct fil_counter *counter = &header->counters[kind];
    epoch_settle(&counter->epoch, header->epoch, counter->current_bytes, &counter->at_peak_bytes);
    counter->current_bytes += grown - shrunk;
}

#endif
