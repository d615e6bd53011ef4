/* The malloc family. An entry is removed before the real release and restored if that fails; NULL is never recorded. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/malloc_hooks.h"
#include "interpose/real.h"

static inline void *added(void *block, size_t bytes)
{
    if (block == NULL) {
        if (errno == ENOMEM) { /* and not, for example, an invalid alignment */
            event_request_failed(bytes, FIL_REQUEST_BLOCK);
        }
    } else if (events_counted()) {
        event_block_added(block, bytes);
    }
    return block;
}

static inline size_t product_of(size_t count, size_t bytes)
{
    size_t product;
    return __builtin_mul_overflow(count, bytes, &product) ? SIZE_MAX : product;
}

HOOK(void *, malloc)(size_t bytes)
{
    return added(real.malloc(bytes), bytes);
}

HOOK(void *, calloc)(size_t count, size_t bytes)
{
    return added(real.calloc(count, bytes), product_of(count, bytes));
}

HOOK(void, free)(void *block)
{
    if (state.tracking) {
        event_block_removed(block);
    }
    real.free(block);
}

HOOK(void *, realloc)(void *block, size_t bytes)
{
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    if (slot == NULL) {
        return added(real.realloc(block, bytes), bytes);
    }
    struct block taken = event_calls.take(slot, block);
    void *moved = real.realloc(block, bytes);
    if (moved == NULL && bytes != 0) {
        event_calls.restored(slot, &taken);
    }
    return added(moved, bytes);
}

HOOK(int, posix_memalign)(void **block, size_t alignment, size_t bytes)
{
    int status = real.posix_memalign(block, alignment, bytes);
    if (status == 0) {
        (void)added(*block, bytes);
    } else if (status == ENOMEM) {
        event_request_failed(bytes, FIL_REQUEST_BLOCK);
    }
    return status;
}

HOOK(void *, aligned_alloc)(size_t alignment, size_t bytes)
{
    return added(real.aligned_alloc(alignment, bytes), bytes);
}

HOOK(void *, valloc)(size_t bytes)
{
    return added(real.valloc(bytes), bytes);
}

void *malloc_hooks_added(void *block, size_t bytes)
{
    return added(block, bytes);
}
