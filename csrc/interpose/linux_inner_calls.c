#include "interpose/inner_calls.h"

#include "interpose/events.h"

#define ALIGNMENT 64u
#define LEAST_APART 16u

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

static void *hiding_malloc(size_t bytes)
{
    events_hidden += 1;
    void *block = resolved.malloc(real_enough(bytes));
    events_hidden -= 1;
    return block;
}

static void *hiding_calloc(size_t count, size_t bytes)
{
    size_t product;
    bool fits = !__builtin_mul_overflow(count, bytes, &product);
    events_hidden += 1;
    void *block = fits ? resolved.calloc(1, real_enough(product)) : resolved.calloc(count, bytes);
    events_hidden -= 1;
    return block;
}

static void *hiding_realloc(void *block, size_t bytes)
{
    events_hidden += 1;
    void *moved =
        resolved.realloc(block, bytes == 0 && block != NULL ? 0 : real_enough(bytes)); /* 0 may mean: free it */
    events_hidden -= 1;
    return moved;
}

static void hiding_free(void *block)
{
    events_hidden += 1;
    resolved.free(block);
    events_hidden -= 1;
}

static int hiding_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    events_hidden += 1;
    int status = resolved.posix_memalign(block, alignment, real_enough(bytes));
    events_hidden -= 1;
    return status;
}

static void *hiding_aligned_alloc(size_t alignment, size_t bytes)
{
    events_hidden += 1;
    bool apart = alignment >= LEAST_APART; /* and the size has to be a multiple of it */
    void *block = resolved.aligned_alloc(alignment, apart ? bytes : real_enough(bytes));
    events_hidden -= 1;
    return block;
}

static void *hiding_memalign(size_t alignment, size_t bytes)
{
    events_hidden += 1;
    void *block = resolved.memalign(alignment, real_enough(bytes));
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

static void *hiding_pvalloc(size_t bytes)
{
    events_hidden += 1;
    void *block = resolved.pvalloc(bytes);
    events_hidden -= 1;
    return block;
}

static void hide_all(struct real *found)
{
    found->malloc = hiding_malloc;
    found->calloc = hiding_calloc;
    found->realloc = hiding_realloc;
    found->free = hiding_free;
    found->posix_memalign = hiding_posix_memalign;
    found->aligned_alloc = hiding_aligned_alloc;
    found->memalign = hiding_memalign;
    found->valloc = hiding_valloc;
    found->pvalloc = hiding_pvalloc;
}

static void hide_those_that_call(struct real *found)
{
    void *block = NULL;
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

void inner_calls_hide(struct real *found, bool all)
{
    resolved = *found;
    if (all) {
        hide_all(found);
    } else {
        hide_those_that_call(found);
    }
}
