#include "attribute/marks.h"

#include <stdbool.h>

#include "state.h"

/* Do the call stacks of a thread, or of submitted work, begin here? */
static bool is_start(const struct fil_node *node)
{
    return node->code == 0 && node->offset != FIL_MARK_IMPORT;
}

/* Do the frames from `one` and from `other` outwards, up to the start of their threads, equal each other? */
static bool same_within_thread(uint32_t one, uint32_t other)
{
    while (one != other) {
        const struct fil_node *first = ledger_node(&state.ledger, one);
        const struct fil_node *second = ledger_node(&state.ledger, other);
        if (one < FIL_NODE_FIRST || other < FIL_NODE_FIRST || first->code != second->code ||
            first->offset != second->offset) {
            return false;
        }
        if (is_start(first)) {
            return true; /* both reach the start of their thread */
        }
        one = ledger_parent(&state.ledger, one);
        other = ledger_parent(&state.ledger, other);
    }
    return true;
}

/* A thread that is started just as one of its own ancestors was (a timer that restarts itself, a task that submits the
 * next one) belongs where that one does, or the call stacks would grow with every generation. FIL_NODE_NONE if this is
 * no such start. */
static uint32_t started_before(uint32_t node)
{
    for (uint32_t at = node; at >= FIL_NODE_FIRST; at = ledger_parent(&state.ledger, at)) {
        if (is_start(ledger_node(&state.ledger, at)) && same_within_thread(node, ledger_parent(&state.ledger, at))) {
            return at;
        }
    }
    return FIL_NODE_NONE;
}

uint32_t mark_callstack(uint32_t node, enum fil_mark mark)
{
    uint32_t start = started_before(node);
    if (start == FIL_NODE_NONE) {
        start = ledger_child(&state.ledger, node, 0, (int32_t)mark);
    }
    return start == FIL_NODE_LOST ? node : start;
}
