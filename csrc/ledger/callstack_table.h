/* Call stacks, stored once each: (parent node, code, offset) -> node. */
#ifndef FIL_CALLSTACK_TABLE_H
#define FIL_CALLSTACK_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/block_table.h"
#include "ledger/open_hash.h"
#include "ledger/storage.h"

/* A block's slot must have room for every node number. */
#define LEDGER_NODE_SEGMENTS (BLOCK_NODE_LIMIT / FIL_NODES_PER_SEGMENT)

struct callstack_table {
    struct fil_nodes *segments[LEDGER_NODE_SEGMENTS]; /* in the recording */
    uint32_t used;  /* nodes, including the unused number 0. Values that lead to memory are not read from the file:
                     * other processes can write there */
    uint64_t check; /* of the nodes' contents */
    struct open_hash numbers; /* of nodes. The node itself has what a number means */
};

static inline struct fil_node *callstack_table_node(const struct callstack_table *table, uint32_t node)
{
    return &table->segments[node / FIL_NODES_PER_SEGMENT]->nodes[node % FIL_NODES_PER_SEGMENT];
}

static inline struct fil_big *callstack_table_big(const struct callstack_table *table, uint32_t node)
{
    return &table->segments[node / FIL_NODES_PER_SEGMENT]->big[node % FIL_NODES_PER_SEGMENT];
}

static inline struct fil_combined *callstack_table_combined(const struct callstack_table *table, uint32_t node)
{
    return &table->segments[node / FIL_NODES_PER_SEGMENT]->combined[node % FIL_NODES_PER_SEGMENT];
}

/* The call stack without its innermost frame, which has a lower number, or FIL_NODE_NONE. */
static inline uint32_t callstack_table_parent(const struct callstack_table *table, uint32_t node)
{
    uint32_t parent = callstack_table_node(table, node)->parent;
    return parent < node ? parent : FIL_NODE_NONE;
}

/* Begin with the nodes that always exist. Returns false if there is no room for the first segment. */
bool callstack_table_begin(struct callstack_table *table, struct fil_header *header,
                           const struct ledger_storage *storage);

/* The node for `parent` continued by a frame at `offset` in function `code`; FIL_NODE_LOST if it is new and there is no
 * room for it. Updates the header's number of nodes. */
uint32_t callstack_table_child(struct callstack_table *table, struct fil_header *header,
                               const struct ledger_storage *storage, uint32_t parent, uint32_t code, int32_t offset);

/* Are the nodes unchanged, and do their bytes add up to the header's? Reads every node. */
bool callstack_table_is_intact(const struct callstack_table *table, const struct fil_header *header);

/* Forget everything, and release memory. */
void callstack_table_end(struct callstack_table *table, const struct ledger_storage *storage);

#endif
