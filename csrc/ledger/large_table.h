/* Large mappings individually, so that the supervisor can query how much of each was ever touched. They count like any
 * other mapping; this table only has their places. */
#ifndef FIL_LARGE_TABLE_H
#define FIL_LARGE_TABLE_H

#include <stdint.h>

#include "fil_format.h"
#include "ledger/storage.h"

struct large_table {
    struct fil_large *records; /* in the recording; NULL: no large mapping yet, or there is no room */
    uint32_t count;            /* of these in use: not read from the file, where other processes can write */
};

/* A mapping that counts is at [start, start + bytes). Does nothing if it is small, or there is no room. Updates the
 * header's number of records. */
void large_table_added(struct large_table *table, struct fil_header *header, const struct ledger_storage *storage,
                       uintptr_t start, uint64_t bytes, uint32_t node);

/* [start, end) does not count any more: its bytes are already subtracted from the total. */
void large_table_removed(struct large_table *table, const struct fil_header *header, uintptr_t start, uintptr_t end);

/* The record of the mapping that begins at `start`; NULL if there is none. */
struct fil_large *large_table_at(const struct large_table *table, uintptr_t start);

/* The newest epoch, the header's, is about to become 1, and every older one 0. */
void large_table_renumber(struct large_table *table, const struct fil_header *header);

#endif
