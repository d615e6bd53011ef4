/* pymalloc stays on: its MEM and OBJ domains are wrapped through the interpreter's public functions.
 *
 * What pymalloc serves itself (1 to 512 bytes) is recorded here. What it passes on to malloc, with the size unchanged,
 * the malloc hook records; recording a block a second time would only replace the entry. The arenas that pymalloc maps are
 * hidden from the mmap hook by wrapping its arena allocator, so the wrappers themselves need not hide anything.
 *
 * With PYTHONMALLOC=malloc every object reaches malloc and nothing is wrapped. Any other allocator that stands there
 * (PYTHONMALLOC=debug, tracemalloc) may pass on other sizes and addresses: then all that it does inside is hidden, and
 * the request itself recorded.
 */
#include "interpose/python_hooks.h"

#include <stddef.h>
#include <string.h>

#include "attribute/attribute.h"
#include "interpose/events.h"
#include "platform/platform.h"

#define SMALL_LIMIT 512u /* pymalloc's SMALL_REQUEST_THRESHOLD */

/* CPython's PyMemAllocatorEx, PyObjectArenaAllocator and PyMemAllocatorDomain: public and unchanged since 3.5. */
struct python_allocator {
    void *context;
    void *(*malloc)(void *context, size_t bytes);
    void *(*calloc)(void *context, size_t count, size_t bytes);
    void *(*realloc)(void *context, void *block, size_t bytes);
    void (*free)(void *context, void *block);
};

struct arena_allocator {
    void *context;
    void *(*take)(void *context, size_t bytes);
    void (*give)(void *context, void *arena, size_t bytes);
};

enum domain { DOMAIN_RAW = 0, DOMAIN_MEM = 1, DOMAIN_OBJ = 2 };

typedef void get_allocator(int domain, struct python_allocator *allocator);
typedef void set_allocator(int domain, struct python_allocator *allocator);
typedef void get_arena_allocator(struct arena_allocator *allocator);
typedef void set_arena_allocator(struct arena_allocator *allocator);

static struct python_allocator wrapped[3];
static struct arena_allocator wrapped_arenas;

/* CPython before 3.8 aligns small blocks to 8 bytes; the block table needs them 16 apart. */
static size_t smallest_request;

static inline size_t spaced(size_t bytes)
{
    return bytes < smallest_request && bytes != 0 ? smallest_request : bytes;
}

static inline void *added_small(void *block, size_t bytes)
{
    if (bytes - 1 < SMALL_LIMIT && block != NULL && state.tracking) {
        event_block_added(block, bytes);
    }
    return block;
}

static void *small_malloc(void *context, size_t bytes)
{
    const struct python_allocator *inner = context;
    return added_small(inner->malloc(inner->context, spaced(bytes)), bytes);
}

static void *small_calloc(void *context, size_t count, size_t bytes)
{
    const struct python_allocator *inner = context;
    size_t product;
    if (__builtin_mul_overflow(count, bytes, &product) || spaced(product) == product) {
        return added_small(inner->calloc(inner->context, count, bytes), count * bytes);
    }
    return added_small(inner->calloc(inner->context, 1, spaced(product)), product);
}

static void *small_realloc(void *context, void *block, size_t bytes)
{
    const struct python_allocator *inner = context;
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    if (slot == NULL) {
        return added_small(inner->realloc(inner->context, block, spaced(bytes)), bytes);
    }
    struct block taken = event_take_block(slot, block);
    void *moved = inner->realloc(inner->context, block, spaced(bytes));
    if (moved == NULL) {
        event_block_restored(slot, &taken);
    }
    return added_small(moved, bytes);
}

static void small_free(void *context, void *block)
{
    const struct python_allocator *inner = context;
    if (state.tracking) {
        event_block_removed(block);
    }
    inner->free(inner->context, block);
}

/* The same for allocators that may do anything inside. */

static inline void *added_shown(void *block, size_t bytes)
{
    events_hidden -= 1;
    if (block == NULL) {
        event_request_failed(bytes, FIL_REQUEST_BLOCK);
    } else if (events_counted()) {
        event_block_added(block, bytes == 0 ? 1 : bytes);
    }
    return block;
}

static void *any_malloc(void *context, size_t bytes)
{
    const struct python_allocator *inner = context;
    events_hidden += 1;
    return added_shown(inner->malloc(inner->context, bytes), bytes);
}

static void *any_calloc(void *context, size_t count, size_t bytes)
{
    const struct python_allocator *inner = context;
    events_hidden += 1;
    return added_shown(inner->calloc(inner->context, count, bytes), count * bytes);
}

static void *any_realloc(void *context, void *block, size_t bytes)
{
    const struct python_allocator *inner = context;
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    struct block taken = {0, 0, 0};
    if (slot != NULL) {
        taken = event_take_block(slot, block);
    }
    events_hidden += 1;
    void *moved = inner->realloc(inner->context, block, bytes);
    if (moved == NULL && slot != NULL) {
        event_block_restored(slot, &taken);
    }
    return added_shown(moved, bytes);
}

static void any_free(void *context, void *block)
{
    const struct python_allocator *inner = context;
    if (state.tracking) {
        event_block_removed(block);
    }
    events_hidden += 1;
    inner->free(inner->context, block);
    events_hidden -= 1;
}

static void *hidden_arena_take(void *context, size_t bytes)
{
    const struct arena_allocator *inner = context;
    events_hidden += 1;
    void *arena = inner->take(inner->context, bytes);
    events_hidden -= 1;
    return arena;
}

static void hidden_arena_give(void *context, void *arena, size_t bytes)
{
    const struct arena_allocator *inner = context;
    events_hidden += 1;
    inner->give(inner->context, arena, bytes);
    events_hidden -= 1;
}

static void wrap_domain(enum domain domain, bool pymalloc, set_allocator *set)
{
    struct python_allocator ours = {
        .context = &wrapped[domain],
        .malloc = pymalloc ? small_malloc : any_malloc,
        .calloc = pymalloc ? small_calloc : any_calloc,
        .realloc = pymalloc ? small_realloc : any_realloc,
        .free = pymalloc ? small_free : any_free,
    };
    set((int)domain, &ours);
}

static void wrap_arenas(get_arena_allocator *get, set_arena_allocator *set)
{
    get(&wrapped_arenas);
    struct arena_allocator ours = {.context = &wrapped_arenas, .take = hidden_arena_take, .give = hidden_arena_give};
    set(&ours);
}

/* Look up a function of CPython; object and function pointers are of one size on every system that has dlsym. */
#define FIND(name, pointer)                                                                                               \
    do {                                                                                                                 \
        void *found_symbol = platform_symbol(name);                                                                      \
        memcpy(&(pointer), &found_symbol, sizeof found_symbol);                                                          \
    } while (0)

enum fil_status python_hooks_install(void)
{
    get_allocator *get;
    set_allocator *set;
    get_arena_allocator *get_arenas;
    set_arena_allocator *set_arenas;
    FIND("PyMem_GetAllocator", get);
    FIND("PyMem_SetAllocator", set);
    FIND("PyObject_GetArenaAllocator", get_arenas);
    FIND("PyObject_SetArenaAllocator", set_arenas);
    if (get == NULL || set == NULL || get_arenas == NULL || set_arenas == NULL) {
        return FIL_ERROR_NO_PYTHON;
    }
    smallest_request = attribute_python_version() < 0x03080000 ? 16 : 0;
    for (int domain = DOMAIN_RAW; domain <= DOMAIN_OBJ; domain++) {
        get(domain, &wrapped[domain]);
    }
    wrap_arenas(get_arenas, set_arenas);
    for (int domain = DOMAIN_MEM; domain <= DOMAIN_OBJ; domain++) {
        if (wrapped[domain].malloc == wrapped[DOMAIN_RAW].malloc) {
            continue; /* PYTHONMALLOC=malloc */
        }
        wrap_domain((enum domain)domain, wrapped[domain].context == NULL, set);
    }
    return FIL_OK;
}
