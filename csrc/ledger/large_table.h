/* Large mappings one by one, so that it can be asked from outside how much of each was ever touched. They count as any other
 * mapping does; this only tells where they lie. */
#ifndef FIL_LARGE_TABLE_H
#define FIL_LARGE_TABLE_H

#include <stdint.h>

struct ledger;

/* A mapping that counts is at [start, start + bytes). Nothing is done if it is small, or there is no room. */
void ledger_large_added(struct ledger *ledger, uintptr_t start, uint64_t bytes, uint32_t node);

/* What lies in [start, end) does not count any more: its bytes are off the total already. */
void ledger_large_removed(struct ledger *ledger, uintptr_t start, uintptr_t end);

/* The newest epoch is about to become 1, and every older one 0. */
void ledger_renumber_large(struct ledger *ledger);

#endif
