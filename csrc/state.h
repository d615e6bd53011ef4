/* The one process-wide state: whether events count, the order in which they count, and the ledger they go to. */
#ifndef FIL_STATE_H
#define FIL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "platform/platform.h"

struct state {
    bool tracking;       /* events are counted */
    bool threads;        /* the process has, or had, a second thread: never taken back */
    bool finalizing;     /* Python began to finalize: only one thread's frames may be read */
    uint32_t generation; /* raised whenever a code object that was met is freed, or what may be walked changes */
    struct platform_lock lock;
    struct ledger ledger;
};

extern struct state state;

/* What happens between these two is one event to all other threads. Not recursive. */
static inline bool state_enter(void)
{
    if (!state.threads) {
        return false;
    }
    platform_lock_take(&state.lock);
    return true;
}

static inline void state_leave(bool locked)
{
    if (locked) {
        platform_lock_give(&state.lock);
    }
}

#endif
