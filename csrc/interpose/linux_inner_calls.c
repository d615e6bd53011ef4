#include "interpose/inner_calls.h"

#include "interpose/events.h"

#define ALIGNMENT 64u

/* As the dynamic linker found them. */
static struct real resolved;
static uint32_t seen;

static void *watched_malloc(size_t bytes)
{
    seen += 1;
    return resolved.malloc(bytes);
}

static void *watched_aligned_alloc(size_t alignment, size_t bytes)
{
    seen += 1;
    return resolved.aligned_alloc(alignment, bytes);
}

static void *hiding_calloc(size_t count, size_t bytes)
{
    events_hidden += 1;
    void *block = resolved.calloc(count, bytes);
    events_hidden -= 1;
    return block;
}

static int hiding_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    events_hidden += 1;
    int status = resolved.posix_memalign(block, alignment, bytes);
    events_hidden -= 1;
    return status;
}

static void *hiding_memalign(size_t alignment, size_t bytes)
{
    events_hidden += 1;
    void *block = resolved.memalign(alignment, bytes);
    events_hidden -= 1;
    return block;
}

static void *hiding_valloc(size_t bytes)
{
    events_hidden += 1;
    void *block = resolved.valloc(bytes);
    events_hidden -= 1;
    return block;
}

void inner_calls_hide(struct real *found)
{
    void *block = NULL;
    resolved = *found;
    real.malloc = watched_malloc;
    real.aligned_alloc = watched_aligned_alloc;
    resolved.free(resolved.calloc(1, 1));
    if (resolved.posix_memalign(&block, ALIGNMENT, ALIGNMENT) == 0) {
        resolved.free(block);
    }
    if (seen != 0) {
        found->calloc = hiding_calloc;
        found->posix_memalign = hiding_posix_memalign;
        found->memalign = hiding_memalign;
        found->valloc = hiding_valloc;
    }
}
