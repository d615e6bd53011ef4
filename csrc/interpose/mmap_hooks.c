/* The mmap family. The kernel can reuse an address range as soon as it is unmapped, so the system call and its record
 * are one event: the lock is held over both. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "attribute/libraries.h"
#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/mmap_hooks.h"
#include "platform/platform.h"

#define MOST_PATH_BYTES 1024

/* Records a file mapping, with its path; it may replace counted memory. */
static void *map_file(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    uint8_t path[MOST_PATH_BYTES];
    uint32_t length = platform_file_path(descriptor, path, sizeof path);
    uint32_t node = attribute_current_callstack();
    bool locked = state_enter();
    void *mapped = platform_mmap(address, bytes, protection, flags, descriptor, offset);
    if (mapped != MAP_FAILED && events_still_counted()) {
        ledger_add_file(&state.ledger, (uintptr_t)mapped, platform_mapped_bytes(bytes, flags),
                        attribute_revalidate(node), platform_is_private(flags), path, length);
    }
    state_leave(locked);
    return mapped;
}

_Thread_local bool mmap_hooks_reached;

void *mmap_hooks_map(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset,
                     const void *caller)
{
    if (bytes == 0) {
        mmap_hooks_reached = true;
    }
    if (!events_counted() || platform_maps_for_itself(caller)) {
        return platform_mmap(address, bytes, protection, flags, descriptor, offset);
    }
    if (!platform_is_memory(flags, descriptor)) {
        return map_file(address, bytes, protection, flags, descriptor, offset);
    }
    bool counts = platform_is_usable(protection);
    size_t taken = platform_mapped_bytes(bytes, flags);
    uint8_t name[MOST_PATH_BYTES];
    bool named = counts && taken >= FIL_LARGE_BYTES && descriptor >= 0 && !platform_is_private(flags);
    uint32_t name_bytes = named ? platform_file_path(descriptor, name, sizeof name) : 0;
    uint32_t node = counts ? libraries_node(attribute_current_callstack(), caller, taken) : FIL_NODE_NONE;
    bool locked = state_enter();
    void *mapped = platform_mmap(address, bytes, protection, flags, descriptor, offset);
    if (mapped != MAP_FAILED && events_still_counted()) {
        if (counts) {
            event_mapping_added((uintptr_t)mapped, taken, node);
            if (name_bytes != 0) {
                ledger_large_name(&state.ledger, (uintptr_t)mapped, name, name_bytes);
            }
        } else { /* addresses only, until mprotect makes them memory */
            ledger_reserve_range(&state.ledger, (uintptr_t)mapped, taken);
        }
    }
    state_leave(locked);
    if (mapped == MAP_FAILED && counts && errno == ENOMEM) {
        event_request_failed(bytes, FIL_REQUEST_MAPPING);
    }
    return mapped;
}

HOOK(void *, mmap)(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
    return mmap_hooks_map(address, bytes, protection, flags, descriptor, offset, __builtin_return_address(0));
}

HOOK(int, munmap)(void *address, size_t bytes)
{
    if (!state.tracking || platform_maps_for_itself(__builtin_return_address(0))) {
        return platform_munmap(address, bytes);
    }
    bool locked = state_enter();
    int status = platform_munmap(address, bytes);
    if (status == 0 && events_still_counted()) {
        (void)ledger_remove_range(&state.ledger, (uintptr_t)address, platform_whole_pages(bytes));
    }
    state_leave(locked);
    return status;
}

/* Reserved addresses become memory. */
int mmap_hooks_protect(void *address, size_t bytes, int protection, int key, const void *caller)
{
    if (!events_counted() || !platform_is_usable(protection) || platform_maps_for_itself(caller)) {
        return platform_mprotect(address, bytes, protection, key);
    }
    uint32_t node = libraries_node(attribute_current_callstack(), caller, bytes);
    bool locked = state_enter();
    int status = platform_mprotect(address, bytes, protection, key);
    bool used =
        events_still_counted() && ledger_has_reserved(&state.ledger, (uintptr_t)address, platform_whole_pages(bytes));
    if (status == 0 && used) {
        event_mapping_used((uintptr_t)address, platform_whole_pages(bytes), node);
    }
    state_leave(locked);
    if (status != 0 && used && errno == ENOMEM) {
        event_request_failed(bytes, FIL_REQUEST_MAPPING);
    }
    return status;
}

HOOK(int, mprotect)(void *address, size_t bytes, int protection)
{
    return mmap_hooks_protect(address, bytes, protection, PLATFORM_NO_KEY, __builtin_return_address(0));
}

HOOK(void *, shmat)(int identifier, const void *address, int flags)
{
    if (!events_counted()) {
        return platform_shmat(identifier, address, flags);
    }
    uint32_t node = attribute_current_callstack();
    bool locked = state_enter();
    void *mapped = platform_shmat(identifier, address, flags);
    if (mapped != MAP_FAILED && events_still_counted()) { /* (void *)-1, as for mmap */
        uint64_t bytes = platform_shared_bytes(identifier);
        if (bytes == 0) {
            ledger_missed(&state.ledger, FIL_MISSED_MAPPING);
        }
        event_mapping_added((uintptr_t)mapped, bytes, node);
    }
    state_leave(locked);
    return mapped;
}

HOOK(int, shmdt)(const void *address)
{
    if (!state.tracking) {
        return platform_shmdt(address);
    }
    bool locked = state_enter();
    uint64_t bytes = events_still_counted() ? ledger_range_at(&state.ledger, (uintptr_t)address) : 0;
    int status = platform_shmdt(address);
    if (status == 0 && bytes != 0) {
        (void)ledger_remove_range(&state.ledger, (uintptr_t)address, bytes);
    }
    state_leave(locked);
    return status;
}
