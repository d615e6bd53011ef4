/* The mmap family. A mapping's range can be given out again the moment the kernel has taken it back, so the system call and
 * its record are one event: the lock is held round both. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "fil_abi.h"
#include "interpose/events.h"
#include "platform/platform.h"

/* The kernel maps whole pages. */
static size_t whole_pages(size_t bytes)
{
    size_t page = platform_page_bytes();
    return (bytes + page - 1) / page * page;
}

#define MOST_PATH_BYTES 1024

/* A mapping of a file, which is told by its path. It may lie over memory that counted. */
static void *map_file(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    uint8_t path[MOST_PATH_BYTES];
    uint32_t length = platform_file_path(descriptor, path, sizeof path);
    uint32_t node = attribute_now();
    bool locked = state_enter();
    void *mapped = platform_mmap(address, bytes, protection, flags, descriptor, offset);
    if (mapped != MAP_FAILED && events_still_counted()) {
        ledger_add_file(&state.ledger, (uintptr_t)mapped, platform_mapped_bytes(bytes, flags), attribute_still(node),
                        platform_is_private(flags), path, length);
    }
    state_leave(locked);
    return mapped;
}

static void *map(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset,
                 const void *caller)
{
    if (!events_counted()) {
        return platform_mmap(address, bytes, protection, flags, descriptor, offset);
    }
    if (!platform_is_memory(flags, descriptor)) {
        return map_file(address, bytes, protection, flags, descriptor, offset);
    }
    bool counts = platform_is_usable(protection);
    size_t taken = platform_mapped_bytes(bytes, flags);
    uint32_t node = counts ? attribute_mapping(attribute_now(), caller, taken) : FIL_NODE_NONE;
    bool locked = state_enter();
    void *mapped = platform_mmap(address, bytes, protection, flags, descriptor, offset);
    if (mapped != MAP_FAILED && events_still_counted()) {
        if (counts) {
            node = attribute_still(node);
            if (node == FIL_NODE_LOST) {
                ledger_missed(&state.ledger, FIL_MISSED_CALLSTACK);
            }
            event_thread_took(node);
            ledger_add_range(&state.ledger, (uintptr_t)mapped, taken, node);
        } else { /* addresses only, until mprotect makes memory of them */
            ledger_reserve_range(&state.ledger, (uintptr_t)mapped, taken);
        }
    }
    state_leave(locked);
    if (mapped == MAP_FAILED && counts && errno == ENOMEM) {
        event_request_failed(bytes, FIL_REQUEST_MAPPING);
    }
    return mapped;
}

FIL_EXPORT void *mmap(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
    return map(address, bytes, protection, flags, descriptor, offset, __builtin_return_address(0));
}

/* Where off_t is 64 bits wide the two are one. */
FIL_EXPORT void *mmap64(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    return map(address, bytes, protection, flags, descriptor, offset, __builtin_return_address(0));
}

FIL_EXPORT int munmap(void *address, size_t bytes)
{
    if (!state.tracking) {
        return platform_munmap(address, bytes);
    }
    bool locked = state_enter();
    int status = platform_munmap(address, bytes);
    if (status == 0 && events_still_counted()) {
        (void)ledger_remove_range(&state.ledger, (uintptr_t)address, whole_pages(bytes));
    }
    state_leave(locked);
    return status;
}

/* Like realloc: what was counted before belongs, in its new size, to who asked for the change. A shrunk mapping keeps its
 * owners, and what did not count before does not count after. */
static void moved(uintptr_t old, size_t old_bytes, uintptr_t new, size_t new_bytes, bool leaves_old, uint32_t node)
{
    if (new_bytes < old_bytes) { /* the kernel first unmaps the tail, whatever it is */
        (void)ledger_remove_range(&state.ledger, old + new_bytes, old_bytes - new_bytes);
        old_bytes = new_bytes;
    }
    if (new_bytes == old_bytes && old == new) {
        return;
    }
    if (new_bytes == old_bytes) { /* several mappings may have moved, or the old ones may stay */
        ledger_move_pieces(&state.ledger, old, old_bytes, new, node, leaves_old);
        return;
    }
    if (ledger_move_file(&state.ledger, old, old_bytes, new, new_bytes)) {
        return;
    }
    bool reserved = ledger_has_reserved(&state.ledger, old, old_bytes);
    uint64_t counted = ledger_remove_range(&state.ledger, old, old_bytes);
    if (counted != 0) {
        ledger_add_range(&state.ledger, new, new_bytes, node);
    } else if (reserved) {
        ledger_reserve_range(&state.ledger, new, new_bytes);
    } else {
        (void)ledger_remove_range(&state.ledger, new, new_bytes);
    }
}

FIL_EXPORT void *mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...)
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
    uint32_t node = attribute_mapping(attribute_now(), __builtin_return_address(0), new_bytes);
    bool locked = state_enter();
    void *mapped = platform_mremap(address, old_bytes, new_bytes, flags, new_address);
    if (mapped != MAP_FAILED && events_still_counted()) {
        moved((uintptr_t)address, whole_pages(old_bytes), (uintptr_t)mapped, whole_pages(new_bytes),
              platform_leaves_old(flags), attribute_still(node));
    }
    state_leave(locked);
    if (mapped == MAP_FAILED && errno == ENOMEM && new_bytes > old_bytes) {
        event_request_failed(new_bytes, FIL_REQUEST_MAPPING);
    }
    return mapped;
}

/* Reserved addresses become memory. */
static int protect(void *address, size_t bytes, int protection, int key, const void *caller)
{
    if (!events_counted() || !platform_is_usable(protection)) {
        return platform_mprotect(address, bytes, protection, key);
    }
    uint32_t node = attribute_mapping(attribute_now(), caller, bytes);
    bool locked = state_enter();
    int status = platform_mprotect(address, bytes, protection, key);
    bool used = events_still_counted() && ledger_has_reserved(&state.ledger, (uintptr_t)address, whole_pages(bytes));
    if (status == 0 && used) {
        ledger_use_range(&state.ledger, (uintptr_t)address, whole_pages(bytes), attribute_still(node));
    }
    state_leave(locked);
    if (status != 0 && used && errno == ENOMEM) {
        event_request_failed(bytes, FIL_REQUEST_MAPPING);
    }
    return status;
}

FIL_EXPORT int mprotect(void *address, size_t bytes, int protection)
{
    return protect(address, bytes, protection, PLATFORM_NO_KEY, __builtin_return_address(0));
}

FIL_EXPORT int pkey_mprotect(void *address, size_t bytes, int protection, int key)
{
    return protect(address, bytes, protection, key, __builtin_return_address(0));
}

FIL_EXPORT void *shmat(int identifier, const void *address, int flags)
{
    if (!events_counted()) {
        return platform_shmat(identifier, address, flags);
    }
    uint32_t node = attribute_now();
    bool locked = state_enter();
    void *mapped = platform_shmat(identifier, address, flags);
    if (mapped != MAP_FAILED && events_still_counted()) { /* (void *)-1, as for mmap */
        uint64_t bytes = platform_shared_bytes(identifier);
        ledger_add_range(&state.ledger, (uintptr_t)mapped, bytes, attribute_still(node));
    }
    state_leave(locked);
    return mapped;
}

FIL_EXPORT int shmdt(const void *address)
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
