/* The program's own use of the data segment's end. The C library's malloc moves it too, without these functions; its
 * memory counts as blocks. */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/real.h"

static bool failed(const void *answer)
{
    return (intptr_t)answer == -1;
}

static void moved(uintptr_t old, uintptr_t new, uint32_t node)
{
    if (new > old && events_counted()) {
        event_mapping_added(old, new - old, node);
    } else if (new < old) {
        (void)ledger_remove_range(&state.ledger, new, old - new);
    }
}

/* The real functions are a system call and a variable: they are called under the lock, like mmap. */
HOOK(void *, sbrk)(intptr_t change)
{
    if (change == 0 || !state.tracking) {
        return real.sbrk(change);
    }
    uint32_t node = attribute_current_callstack();
    bool locked = state_enter();
    void *old = real.sbrk(change);
    if (!failed(old) && events_still_counted()) {
        moved((uintptr_t)old, (uintptr_t)old + (uintptr_t)change, node);
    }
    state_leave(locked);
    if (failed(old) && change > 0 && errno == ENOMEM) {
        event_request_failed((size_t)change, FIL_REQUEST_MAPPING);
    }
    return old;
}

HOOK(int, brk)(void *end)
{
    if (!state.tracking) {
        return real.brk(end);
    }
    uint32_t node = attribute_current_callstack();
    bool locked = state_enter();
    void *old = real.sbrk(0);
    int status = real.brk(end);
    if (status == 0 && !failed(old) && events_still_counted()) {
        moved((uintptr_t)old, (uintptr_t)end, node);
    }
    state_leave(locked);
    if (status != 0 && (uintptr_t)end > (uintptr_t)old && errno == ENOMEM) {
        event_request_failed((uintptr_t)end - (uintptr_t)old, FIL_REQUEST_MAPPING);
    }
    return status;
}
