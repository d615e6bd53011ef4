#include "interpose/starter.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "children/children.h"
#include "interpose/events.h"
#include "interpose/several.h"
#include "platform/platform.h"

static _Thread_local uint32_t node;

void starter_note(void)
{
    if (!children_on() || !events_counted() || platform_pid() != state.pid) {
        return;
    }
    several_begin();
    int kept = errno;
    uint32_t found = attribute_current_callstack();
    bool locked = state_enter();
    node = events_still_counted() ? attribute_revalidate(found) : FIL_NODE_NONE;
    state_leave(locked);
    errno = kept;
}

void starter_write(char *text)
{
    text[0] = '\0';
    if (node != FIL_NODE_NONE) {
        (void)snprintf(text, CHILDREN_STARTER_BYTES, "%s.%u", children_recording(), node);
    }
}
