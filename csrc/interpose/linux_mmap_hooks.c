/* Hooks of the mmap family that only Linux has. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "attribute/libraries.h"
#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/mmap_hooks.h"
#include "platform/platform.h"

/* Where off_t is 64 bits wide the two are one. */
HOOK(void *, mmap64)(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    return mmap_hooks_map(address, bytes, protection, flags, descriptor, offset, __builtin_return_address(0));
}

/* Like realloc: what was counted before belongs, in its new size, to the caller. A shrunk mapping keeps its owners, and
 * what did not count before does not count after. */
static void moved(uintptr_t old, size_t old_bytes, uintptr_t new, size_t new_bytes, bool leaves_old, uint32_t node)
{
    if (new_bytes < old_bytes) { /* the kernel first unmaps the tail, whatever mappings it has */
        (void)ledger_remove_range(&state.ledger, old + new_bytes, old_bytes - new_bytes);
        old_bytes = new_bytes;
    }
    if (new_bytes == old_bytes && old == new) {
        return;
    }
    if (new_bytes == old_bytes) { /* several mappings may have moved, or the old ones may stay */
        event_mapping_moved(old, old_bytes, new, node, leaves_old);
        return;
    }
    if (ledger_move_file(&state.ledger, old, old_bytes, new, new_bytes)) {
        return;
    }
    bool reserved = ledger_has_reserved(&state.ledger, old, old_bytes);
    uint64_t counted = ledger_remove_range(&state.ledger, old, old_bytes);
    if (counted != 0) {
        event_mapping_added(new, new_bytes, node);
    } else if (reserved) {
        ledger_reserve_range(&state.ledger, new, new_bytes);
    } else {
        (void)ledger_remove_range(&state.ledger, new, new_bytes);
    }
}

HOOK(void *, mremap)(void *address, size_t old_bytes, size_t new_bytes, int flags, ...)
{
    void *new_address = NULL;
    if (platform_has_new_address(flags)) {
        va_list rest;
        va_start(rest, flags);
        new_address = va_arg(rest, void *);
        va_end(rest);
    }
    if (!state.tracking) {
        return platform_mremap(address, old_bytes, new_bytes, flags, new_address);
    }
    uint32_t node = libraries_node(attribute_current_callstack(), __builtin_return_address(0), new_bytes);
    bool locked = state_enter();
    void *mapped = platform_mremap(address, old_bytes, new_bytes, flags, new_address);
    if (mapped != MAP_FAILED && events_still_counted()) {
        moved((uintptr_t)address, platform_whole_pages(old_bytes), (uintptr_t)mapped, platform_whole_pages(new_bytes),
              platform_leaves_old(flags), node);
    }
    state_leave(locked);
    if (mapped == MAP_FAILED && errno == ENOMEM && new_bytes > old_bytes) {
        event_request_failed(new_bytes, FIL_REQUEST_MAPPING);
    }
    return mapped;
}

HOOK(int, pkey_mprotect)(void *address, size_t bytes, int protection, int key)
{
    return mmap_hooks_protect(address, bytes, protection, key, __builtin_return_address(0));
}

bool mmap_hooks_are_called(void)
{
    void *(*map)(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset);
    void *code = platform_symbol("mmap");
    if (code == NULL) {
        return false;
    }
    memcpy(&map, &code, sizeof map); /* an object pointer is no function pointer to ISO C */
    int kept = errno;
    mmap_hooks_reached = false;
    (void)map(NULL, 0, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = kept;
    return mmap_hooks_reached;
}
