/* Live mappings: disjoint address ranges in order, each with the node that owns it.
 *
 * A sorted array: programs have few mappings of their own (the kernel allows 65,530 by default), and each change comes
 * with a system call that costs more than moving the tail of the array.
 */
#ifndef FIL_RANGE_TABLE_H
#define FIL_RANGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/storage.h"

struct range {
    uintptr_t start;
    uintptr_t end; /* first byte after it */
    uint32_t node;
    uint32_t reserved;
};

struct range_table {
    struct range *ranges;
    size_t count;
    size_t capacity;
};

/* What range_remove removed, one call per piece. */
typedef void range_removed(void *context, const struct range *piece);

/* Add [start, end), which must not overlap any range. Returns false if there is no memory. */
bool range_add(struct range_table *table, const struct ledger_storage *storage, uintptr_t start, uintptr_t end,
               uint32_t node);

/* Remove everything in [start, end), splitting ranges at its ends. Returns false, with nothing changed, if a split
 * needs memory and there is none. */
bool range_remove(struct range_table *table, const struct ledger_storage *storage, uintptr_t start, uintptr_t end,
                  range_removed *removed, void *context);

/* The first range that ends after `address`; NULL if there is none. */
const struct range *range_after(const struct range_table *table, uintptr_t address);

/* Forget everything, and release memory. */
void range_table_end(struct range_table *table, const struct ledger_storage *storage);

#endif
