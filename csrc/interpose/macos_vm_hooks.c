/* The calls behind mmap on macOS, for programs that use them directly. As with mmap, the lock is held over the call. */
#include <mach/mach.h>
#include <stdint.h>

#include "attribute/libraries.h"
#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/mmap_hooks.h"
#include "interpose/real.h"
#include "platform/platform.h"

static int allocate(unsigned task, uint64_t *address, uint64_t bytes, int flags, const void *caller)
{
    if (!events_counted() || task != mach_task_self() || platform_maps_for_itself(caller)) {
        return real.mach_vm_allocate(task, address, bytes, flags);
    }
    uint32_t node = libraries_node(attribute_current_callstack(), caller, bytes);
    bool locked = state_enter();
    int status = real.mach_vm_allocate(task, address, bytes, flags);
    if (status == KERN_SUCCESS && events_still_counted()) {
        event_mapping_added((uintptr_t)*address, platform_whole_pages(bytes), node);
    }
    state_leave(locked);
    if (status == KERN_NO_SPACE || status == KERN_RESOURCE_SHORTAGE) {
        event_request_failed(bytes, FIL_REQUEST_MAPPING);
    }
    return status;
}

static int deallocate(unsigned task, uint64_t address, uint64_t bytes, const void *caller)
{
    if (!state.tracking || task != mach_task_self() || platform_maps_for_itself(caller)) {
        return real.mach_vm_deallocate(task, address, bytes);
    }
    uintptr_t start = (uintptr_t)address / platform_page_bytes() * platform_page_bytes();
    bool locked = state_enter();
    int status = real.mach_vm_deallocate(task, address, bytes);
    if (status == KERN_SUCCESS && bytes != 0 && events_still_counted()) {
        (void)ledger_remove_range(&state.ledger, start, platform_whole_pages(address + bytes - start));
    }
    state_leave(locked);
    return status;
}

HOOK(int, mach_vm_allocate)(unsigned task, uint64_t *address, uint64_t bytes, int flags)
{
    return allocate(task, address, bytes, flags, __builtin_return_address(0));
}

HOOK(int, vm_allocate)(unsigned task, uintptr_t *address, uintptr_t bytes, int flags)
{
    uint64_t at = *address;
    int status = allocate(task, &at, bytes, flags, __builtin_return_address(0));
    *address = (uintptr_t)at;
    return status;
}

HOOK(int, mach_vm_deallocate)(unsigned task, uint64_t address, uint64_t bytes)
{
    return deallocate(task, address, bytes, __builtin_return_address(0));
}

HOOK(int, vm_deallocate)(unsigned task, uintptr_t address, uintptr_t bytes)
{
    return deallocate(task, address, bytes, __builtin_return_address(0));
}

/* The list of replaced functions applies to all libraries. */
bool mmap_hooks_are_called(void)
{
    return platform_is_inserted();
}
