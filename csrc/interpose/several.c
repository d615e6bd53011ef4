#include "interpose/several.h"

#include <stdio.h>
#include <string.h>

#include "children/children.h"
#include "interpose/events.h"
#include "interpose/python_hooks.h"
#include "platform/platform.h"

#define NAME "/processes.fil"
#define ROOT_RECORDING "recording" /* of the program that the user has started */

static struct fil_processes *shared; /* NULL: not mapped */
static bool tried;
static void (*when_begun)(void);

static bool is_ours(const struct fil_processes *file)
{
    return memcmp(file->magic, FIL_PROCESSES_MAGIC, sizeof file->magic) == 0 && file->version == FIL_FORMAT_VERSION;
}

static void map_shared(void)
{
    char path[CHILDREN_PATH_BYTES];
    bool first = strcmp(children_recording(), ROOT_RECORDING) == 0;
    int length = snprintf(path, sizeof path, "%s%s", children_folder(), NAME);
    if (length <= 0 || (size_t)length >= sizeof path) {
        return;
    }
    shared = platform_map_shared(path, sizeof *shared, first);
    if (shared != NULL && first) {
        combined_begin(shared);
    }
    if (shared != NULL && !is_ours(shared)) {
        platform_unmap_pages(shared, sizeof *shared);
        shared = NULL;
    }
}

void several_when_begun(void (*action)(void))
{
    if (tried) {
        action();
    } else {
        when_begun = action;
    }
}

void several_begin(void)
{
    if (tried || !children_on() || !state.tracking) {
        return;
    }
    tried = true;
    if (when_begun != NULL) {
        when_begun();
        when_begun = NULL;
    }
    if (shared == NULL) {
        map_shared();
    }
    bool locked = state_enter();
    if (events_still_counted()) {
        if (shared != NULL && combined_enter(&state.ledger.combined, shared, state.ledger.header, platform_pid(),
                                             platform_coarse_clock_ns)) {
            /* An event of another thread that is just before the lock still counts as before. No other process exists
             * yet, so this is before any best that it could miss. */
            events_are_combined(true);
        } else {
            state.ledger.header->left_out = 1;
        }
    }
    state_leave(locked);
    if (ledger_is_combined(&state.ledger)) {
        python_hooks_are_combined(true);
    }
}

void several_forked(void)
{
    tried = false;
    events_are_combined(false);
    python_hooks_are_combined(false);
}

void several_ended(uint32_t pid)
{
    for (uint32_t slot = 0; shared != NULL && slot < shared->slots_used && slot < FIL_PROCESSES_KEPT; slot++) {
        if (shared->slots[slot].pid == pid && shared->slots[slot].state != FIL_SLOT_FREE) {
            combined_ended(shared, slot);
        }
    }
}

bool several_mend(uintptr_t address)
{
    if (shared == NULL || address - (uintptr_t)shared >= sizeof *shared ||
        !platform_replace_mapping(shared, sizeof *shared)) {
        return false;
    }
    if (state.ledger.header != NULL) {
        state.ledger.header->left_out = 1;
    }
    return true;
}
