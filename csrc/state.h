/* The one process-wide state: whether events count, the order in which they count, and the ledger they go to. */
#ifndef FIL_STATE_H
#define FIL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "platform/platform.h"

#define STATE_HEAD_BYTES 4096

struct state {
    /* The first page: the kernel empties it in the child of any fork, also one that runs no handlers. */
    _Alignas(STATE_HEAD_BYTES) bool tracking; /* events are counted */
    bool cut;            /* somebody has cut the recording short: tracking ended there, and is still to be closed */
    bool threads;        /* the process has, or had, a second thread: never taken back */
    bool finalizing;     /* Python began to finalize: only one thread's frames may be read */
    uint32_t session;    /* how many times tracking has begun: what is older belongs to nothing */
    uint32_t generation; /* raised whenever tracking begins or ends, whenever a code object that was met is freed, or
                            what may be walked changes */
    struct platform_lock lock;

    _Alignas(STATE_HEAD_BYTES) struct ledger ledger;
    uint32_t pid; /* of the process that is or was tracked: the child of a fork has this too, the child of a vfork all
                     of it */
};

extern struct state state;

/* What happens between these two is one event to all other threads. Within an event of the same thread it is a part of
 * that. */
static inline bool state_enter(void)
{
    return state.threads && platform_lock_take(&state.lock, platform_self());
}

static inline void state_leave(bool locked)
{
    if (locked) {
        platform_lock_give(&state.lock);
    }
}

#endif
