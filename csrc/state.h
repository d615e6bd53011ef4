/* The one process-wide state: whether events count, in which order, and in which ledger. */
#ifndef FIL_STATE_H
#define FIL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "platform/platform.h"

#define STATE_HEAD_BYTES 4096

struct state {
    /* The first page: the kernel clears it in the child of any fork, even one that runs no handlers. */
    _Alignas(STATE_HEAD_BYTES) bool tracking; /* events are counted */
    bool cut;            /* another process has truncated the recording: tracking ended there, and is still to be
                          * closed */
    bool threads;        /* the process has, or had, a second thread: never reset */
    bool several;        /* it has, or is one of several recorded processes: events take the slower functions */
    bool finalizing;     /* Python began to finalize: only one thread's frames may be read */
    uint32_t session;    /* how many times tracking has begun: older data is invalid */
    uint32_t generation; /* increases whenever tracking begins or ends, a code object in use is freed, or what may be
                          * walked changes */
    struct platform_lock lock;

    _Alignas(STATE_HEAD_BYTES) struct ledger ledger;
    bool fork_pending; /* a forked child that is still to begin a recording of its own */
    uint32_t pid; /* of the process that is or was tracked: the child of a fork has this too, the child of a vfork the
                   * whole state */
};

extern struct state state;

/* Everything between these two is one event to all other threads. Re-entrant: nested sections on one thread join the
 * outer one. */
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
