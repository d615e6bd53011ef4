/* The functions that stand in front of the interpreter's allocators, for each kind and domain: python_hooks.c puts them
 * there. */
#include "interpose/python_wrappers.h"

#include "attribute/attribute.h"
#include "attribute/fast_path.h"
#include "interpose/events.h"
#include "interpose/python_objects.h"
#include "interpose/process_hooks.h"

#define LOOK_EACH 256u
#define SMALL_LIMIT 512u /* pymalloc's SMALL_REQUEST_THRESHOLD */

struct python_allocator python_wrapped[3];

/* pymalloc before CPython 3.8, and mimalloc, align small blocks to 8 bytes; the block table needs them 16 apart. */
size_t python_smallest_request;

/* The size to request instead of `bytes`. */
INLINE size_t at_least(size_t smallest, size_t bytes)
{
    return bytes < smallest && bytes != 0 ? smallest : bytes;
}

/* Is `count` times `bytes` less than the smallest request? */
INLINE bool is_below(size_t smallest, size_t count, size_t bytes)
{
    size_t product;
    return !__builtin_mul_overflow(count, bytes, &product) && at_least(smallest, product) != product;
}

/* The uncommon cases. A function that ends with a call of these needs few registers in the common one. */

static __attribute__((noinline)) void *added_unusual(void *block, size_t bytes)
{
    if (state.fork_pending) {
        process_hooks_begin_late();
    }
    if (bytes - 1 < SMALL_LIMIT && block != NULL && state.tracking) {
        event_block_added(block, bytes);
    }
    return block;
}

static __attribute__((noinline)) void *added_moved(uint32_t *slot, void *block, size_t bytes, uintptr_t innermost)
{
    return event_record_fast(slot, block, bytes, attribute_moved(innermost), false);
}

static __attribute__((noinline)) void *added_moved_combined(uint32_t *slot, void *block, size_t bytes,
                                                            uintptr_t innermost)
{
    return event_record_fast(slot, block, bytes, attribute_moved(innermost), true);
}

/* Another tool that has taken the listener's place may have left it. */
static inline void look_now_and_then(void)
{
    static _Thread_local uint32_t events;
    events += 1;
    if (events % LOOK_EACH == 0) {
        python_objects_return();
    }
}

/* The same while objects are followed. */
static __attribute__((noinline)) void *added_moved_followed(uint32_t *slot, void *block, size_t bytes,
                                                            uintptr_t innermost)
{
    look_now_and_then();
    return event_record_fast(slot, block, bytes, attribute_moved(innermost), false);
}

static __attribute__((noinline)) void *added_moved_both(uint32_t *slot, void *block, size_t bytes, uintptr_t innermost)
{
    look_now_and_then();
    return event_record_fast(slot, block, bytes, attribute_moved(innermost), true);
}

/* What a wrapper is for; constants to each of them. */
struct wrapped_kind {
    bool follows;  /* objects are followed, and the block is for one */
    bool combined; /* this is one of several recorded processes */
};

INLINE void *added_small(void *block, size_t bytes, struct wrapped_kind kind)
{
    if (kind.follows) {
        event_newest = (uintptr_t)block;
    }
    if (bytes - 1 >= BLOCK_NARROW_LIMIT - 1 || block == NULL || !state.tracking) {
        return added_unusual(block, bytes);
    }
    uintptr_t running = attribute_running_state();
    uint32_t *slot = block_slot(&state.ledger.blocks, (uintptr_t)block);
    if (slot == NULL) {
        return added_unusual(block, bytes);
    }
    IN_A_REGISTER(slot);
    __builtin_prefetch(slot, 1); /* it is seldom in the first-level cache, and the call stack takes a while */
    struct thread_context *context = attribute_ready(running);
    if (context == NULL) {
        return added_unusual(block, bytes);
    }
    uintptr_t innermost = innermost_frame(running);
    uint32_t node = same_short_stack(context, innermost);
    if (node == FIL_NODE_NONE) {
        if (kind.combined) {
            return (kind.follows ? added_moved_both : added_moved_combined)(slot, block, bytes, innermost);
        }
        return (kind.follows ? added_moved_followed : added_moved)(slot, block, bytes, innermost);
    }
    return event_record_fast(slot, block, bytes, node, kind.combined);
}

INLINE void *small_malloc(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, size_t bytes)
{
    return added_small(inner->malloc(inner->context, at_least(smallest, bytes)), bytes, kind);
}

INLINE void *small_calloc(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, size_t count,
                          size_t bytes)
{
    if (is_below(smallest, count, bytes)) {
        return added_small(inner->calloc(inner->context, 1, smallest), count * bytes, kind);
    }
    return added_small(inner->calloc(inner->context, count, bytes), count * bytes, kind);
}

INLINE void *small_realloc(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, void *block,
                           size_t bytes)
{
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    if (slot == NULL) {
        return added_small(inner->realloc(inner->context, block, at_least(smallest, bytes)), bytes, kind);
    }
    struct block taken = event_calls.take(slot, block);
    void *moved = inner->realloc(inner->context, block, at_least(smallest, bytes));
    if (moved == NULL) {
        event_calls.restored(slot, &taken);
    }
    return added_small(moved, bytes, kind);
}

static __attribute__((noinline)) void free_unusual(const struct python_allocator *inner, uint32_t *slot, void *block)
{
    event_calls.remove(slot, block);
    inner->free(inner->context, block);
}

INLINE void small_free(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, void *block)
{
    (void)smallest;
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    if (slot != NULL && !event_remove_quickly(slot, kind.combined)) {
        free_unusual(inner, slot, block);
        return;
    }
    inner->free(inner->context, block);
}

/* The same for allocators of unknown behavior. */

INLINE void *added_shown(void *block, size_t bytes, struct wrapped_kind kind)
{
    events_hidden -= 1;
    if (kind.follows) {
        event_newest = (uintptr_t)block;
        look_now_and_then();
    }
    if (block == NULL) {
        event_request_failed(bytes, FIL_REQUEST_BLOCK);
    } else if (events_counted()) {
        event_block_added(block, bytes == 0 ? 1 : bytes);
    }
    return block;
}

INLINE void *any_malloc(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, size_t bytes)
{
    events_hidden += 1;
    return added_shown(inner->malloc(inner->context, at_least(smallest, bytes)), bytes, kind);
}

INLINE void *any_calloc(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, size_t count,
                        size_t bytes)
{
    events_hidden += 1;
    if (is_below(smallest, count, bytes)) {
        return added_shown(inner->calloc(inner->context, 1, smallest), count * bytes, kind);
    }
    return added_shown(inner->calloc(inner->context, count, bytes), count * bytes, kind);
}

INLINE void *any_realloc(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, void *block,
                         size_t bytes)
{
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    struct block taken = {0, 0, 0};
    if (slot != NULL) {
        taken = event_calls.take(slot, block);
    }
    events_hidden += 1;
    void *moved = inner->realloc(inner->context, block, at_least(smallest, bytes));
    if (moved == NULL && slot != NULL) {
        event_calls.restored(slot, &taken);
    }
    return added_shown(moved, bytes, kind);
}

INLINE void any_free(const struct python_allocator *inner, size_t smallest, struct wrapped_kind kind, void *block)
{
    (void)smallest;
    (void)kind;
    if (state.tracking) {
        event_block_removed(block);
    }
    events_hidden += 1;
    inner->free(inner->context, block);
    events_hidden -= 1;
}

/* The four functions of a kind for one domain. What they wrap is a constant to them. */
#define ALONE {false, false}
#define FOLLOWED {true, false}
#define COMBINED {false, true}
#define BOTH {true, true}
#define WRAPPERS(kind, served, smallest, wants, domain)                                                       \
    static void *kind##_malloc_##domain(void *context, size_t bytes)                                          \
    {                                                                                                         \
        (void)context;                                                                                        \
        return served##_malloc(&python_wrapped[domain], smallest, (struct wrapped_kind)wants, bytes);         \
    }                                                                                                         \
    static void *kind##_calloc_##domain(void *context, size_t count, size_t bytes)                            \
    {                                                                                                         \
        (void)context;                                                                                        \
        return served##_calloc(&python_wrapped[domain], smallest, (struct wrapped_kind)wants, count, bytes);  \
    }                                                                                                         \
    static void *kind##_realloc_##domain(void *context, void *block, size_t bytes)                            \
    {                                                                                                         \
        (void)context;                                                                                        \
        return served##_realloc(&python_wrapped[domain], smallest, (struct wrapped_kind)wants, block, bytes); \
    }                                                                                                         \
    static void kind##_free_##domain(void *context, void *block)                                              \
    {                                                                                                         \
        (void)context;                                                                                        \
        served##_free(&python_wrapped[domain], smallest, (struct wrapped_kind)wants, block);                  \
    }
WRAPPERS(small, small, 0, ALONE, DOMAIN_MEM)
WRAPPERS(small, small, 0, ALONE, DOMAIN_OBJ)
WRAPPERS(followed, small, 0, FOLLOWED, DOMAIN_OBJ)
WRAPPERS(spaced, small, SPACED, ALONE, DOMAIN_MEM)
WRAPPERS(spaced, small, SPACED, ALONE, DOMAIN_OBJ)
WRAPPERS(small_combined, small, 0, COMBINED, DOMAIN_MEM)
WRAPPERS(small_combined, small, 0, COMBINED, DOMAIN_OBJ)
WRAPPERS(followed_combined, small, 0, BOTH, DOMAIN_OBJ)
WRAPPERS(spaced_combined, small, SPACED, COMBINED, DOMAIN_MEM)
WRAPPERS(spaced_combined, small, SPACED, COMBINED, DOMAIN_OBJ)
WRAPPERS(any, any, python_smallest_request, ALONE, DOMAIN_RAW)
WRAPPERS(any, any, python_smallest_request, ALONE, DOMAIN_MEM)
WRAPPERS(any, any, python_smallest_request, FOLLOWED, DOMAIN_OBJ)
#undef ALONE
#undef FOLLOWED
#undef COMBINED
#undef BOTH
#undef WRAPPERS

#define FUNCTIONS(kind, domain) \
    {NULL, kind##_malloc_##domain, kind##_calloc_##domain, kind##_realloc_##domain, kind##_free_##domain}

/* By kind and domain. RAW is malloc itself wherever pymalloc serves the others. */
const struct python_allocator python_wrappers[KINDS][3] = {
    [KIND_SMALL] = {[DOMAIN_MEM] = FUNCTIONS(small, DOMAIN_MEM), [DOMAIN_OBJ] = FUNCTIONS(small, DOMAIN_OBJ)},
    [KIND_FOLLOWED] = {[DOMAIN_OBJ] = FUNCTIONS(followed, DOMAIN_OBJ)},
    [KIND_SPACED] = {[DOMAIN_MEM] = FUNCTIONS(spaced, DOMAIN_MEM), [DOMAIN_OBJ] = FUNCTIONS(spaced, DOMAIN_OBJ)},
    [KIND_ANY] = {FUNCTIONS(any, DOMAIN_RAW), FUNCTIONS(any, DOMAIN_MEM), FUNCTIONS(any, DOMAIN_OBJ)},
    [KIND_SMALL_COMBINED] = {[DOMAIN_MEM] = FUNCTIONS(small_combined, DOMAIN_MEM),
                             [DOMAIN_OBJ] = FUNCTIONS(small_combined, DOMAIN_OBJ)},
    [KIND_FOLLOWED_COMBINED] = {[DOMAIN_OBJ] = FUNCTIONS(followed_combined, DOMAIN_OBJ)},
    [KIND_SPACED_COMBINED] = {[DOMAIN_MEM] = FUNCTIONS(spaced_combined, DOMAIN_MEM),
                              [DOMAIN_OBJ] = FUNCTIONS(spaced_combined, DOMAIN_OBJ)}};
