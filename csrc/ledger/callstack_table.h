/* (parent node, code, offset) -> node: an open hash of node numbers in private memory. What a number stands for is read
 * from the node itself, in the recording. */
#ifndef FIL_CALLSTACK_TABLE_H
#define FIL_CALLSTACK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/block_table.h"

/* A block's slot must be able to name every node. */
#define LEDGER_NODE_SEGMENTS (BLOCK_NODE_LIMIT / FIL_NODES_PER_SEGMENT)

struct callstack_table {
    uint32_t *slots; /* 0: empty; else a node number */
    size_t capacity; /* a power of two */
    size_t count;
};

#endif
