/* malloc's zones, by which the system's own frameworks allocate, and the rest of the malloc family that only macOS has.
 *
 * Only the blocks of the default zone are counted: it is malloc's own. Another zone can be destroyed as a whole,
 * without a free for each block, so its blocks would seem to be live forever. */
#include <malloc/malloc.h>
#include <stdint.h>

#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/malloc_hooks.h"
#include "interpose/real.h"

static void *added(const struct _malloc_zone_t *zone, void *block, size_t bytes)
{
    return zone == malloc_default_zone() ? malloc_hooks_added(block, bytes) : block;
}

HOOK(void *, malloc_zone_malloc)(struct _malloc_zone_t *zone, size_t bytes)
{
    return added(zone, real.malloc_zone_malloc(zone, bytes), bytes);
}

HOOK(void *, malloc_zone_calloc)(struct _malloc_zone_t *zone, size_t count, size_t bytes)
{
    size_t product;
    bool fits = !__builtin_mul_overflow(count, bytes, &product);
    return added(zone, real.malloc_zone_calloc(zone, count, bytes), fits ? product : SIZE_MAX);
}

HOOK(void *, malloc_zone_valloc)(struct _malloc_zone_t *zone, size_t bytes)
{
    return added(zone, real.malloc_zone_valloc(zone, bytes), bytes);
}

HOOK(void *, malloc_zone_memalign)(struct _malloc_zone_t *zone, size_t alignment, size_t bytes)
{
    return added(zone, real.malloc_zone_memalign(zone, alignment, bytes), bytes);
}

HOOK(void *, malloc_zone_realloc)(struct _malloc_zone_t *zone, void *block, size_t bytes)
{
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    if (slot == NULL) {
        return added(zone, real.malloc_zone_realloc(zone, block, bytes), bytes);
    }
    struct block taken = event_calls.take(slot, block);
    void *moved = real.malloc_zone_realloc(zone, block, bytes);
    if (moved == NULL) {
        event_calls.restored(slot, &taken);
    }
    return malloc_hooks_added(moved, bytes);
}

/* Any zone may have the block: it is found by its address. */
HOOK(void, malloc_zone_free)(struct _malloc_zone_t *zone, void *block)
{
    if (state.tracking) {
        event_block_removed(block);
    }
    real.malloc_zone_free(zone, block);
}

HOOK(void *, reallocf)(void *block, size_t bytes)
{
    void *moved = hook_realloc(block, bytes);
    if (moved == NULL && block != NULL) {
        hook_free(block);
    }
    return moved;
}
