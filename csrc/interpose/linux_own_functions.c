/* A malloc that is not the C library's also has its own functions (mallocx, tc_malloc, mi_malloc), which libraries call
 * directly. One function may free a block of another, also with its size: so they are redirected to hooks, in the
 * allocator's own table of symbols. Exporting these names instead would make programs that test for them believe in
 * such an allocator.
 *
 * A function that matches no hook is passed on, and the recording says that it was called. */
#include "interpose/linux_own_functions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "attribute/libraries.h"
#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/real.h"
#include "platform/platform.h"

#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) HOOK(void *, name) parameters;
#define OPERATOR_DELETE(name, parameters, arguments, plain, given) HOOK(void, name) parameters;
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE

/* Arguments and results of any of them travel in the same registers, whatever their types are and however many. */
typedef uintptr_t word;
typedef word any_function(word a, word b, word c, word d, word e, word f);

static struct {
    void *(*mallocx)(size_t bytes, int flags);
    void *(*rallocx)(void *block, size_t bytes, int flags);
    size_t (*xallocx)(void *block, size_t bytes, size_t more, int flags);
#define SAME(name, ours) any_function *name;
#define UNLIKE(name) any_function *name;
#include "interpose/linux_own_functions.def"
#undef SAME
#undef UNLIKE
} next;

static void *new_block(void *block, size_t bytes)
{
    if (block == NULL) {
        event_request_failed(bytes, FIL_REQUEST_BLOCK);
    } else if (events_counted()) {
        event_block_added(block, bytes);
    }
    return block;
}

static void *own_mallocx(size_t bytes, int flags)
{
    events_hidden += 1;
    void *block = next.mallocx(real_enough(bytes), flags);
    events_hidden -= 1;
    return new_block(block, bytes);
}

static void *own_rallocx(void *block, size_t bytes, int flags)
{
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    struct block taken = {0};
    if (slot != NULL) {
        taken = event_calls.take(slot, block);
    }
    events_hidden += 1;
    void *moved = next.rallocx(block, real_enough(bytes), flags);
    events_hidden -= 1;
    if (moved == NULL && slot != NULL) {
        event_calls.restored(slot, &taken);
    }
    return new_block(moved, bytes);
}

/* Changes the size in place, or leaves the block unchanged. */
static size_t own_xallocx(void *block, size_t bytes, size_t more, int flags)
{
    uint32_t *slot = state.tracking ? event_find_block(block) : NULL;
    events_hidden += 1;
    size_t now = next.xallocx(block, real_enough(bytes), more, flags);
    events_hidden -= 1;
    if (slot != NULL && now >= bytes && events_counted()) {
        (void)event_calls.take(slot, block);
        event_block_added(block, bytes);
    }
    return now;
}

/* Inside an event. */
void linux_own_functions_missed(const char *name)
{
    struct fil_header *header = state.ledger.header;
    ledger_missed(&state.ledger, FIL_MISSED_OWN_FUNCTION);
    header->malloc_path = libraries_path(real_malloc_code());
    header->own_function = ledger_text(&state.ledger, (const uint8_t *)name, (uint32_t)strlen(name));
}

__attribute__((cold, noinline)) static void note(const char *name)
{
    if (!events_counted() || state.ledger.header->missed[FIL_MISSED_OWN_FUNCTION] != 0) {
        return;
    }
    bool locked = state_enter();
    if (events_still_counted()) {
        linux_own_functions_missed(name);
    }
    state_leave(locked);
}

/* From within the allocator: it may call its own functions through its table. */
#define SAME(name, ours)                                                   \
    static word own_##name(word a, word b, word c, word d, word e, word f) \
    {                                                                      \
        any_function *function = next.name;                                \
        if (events_hidden == 0) {                                          \
            void *code = (void *)(uintptr_t)&ours;                         \
            memcpy(&function, &code, sizeof function);                     \
        }                                                                  \
        return function(a, b, c, d, e, f);                                 \
    }
#define UNLIKE(name)                                                       \
    static word own_##name(word a, word b, word c, word d, word e, word f) \
    {                                                                      \
        note(#name);                                                       \
        return next.name(a, b, c, d, e, f);                                \
    }
#include "interpose/linux_own_functions.def"
#undef SAME
#undef UNLIKE

static struct platform_redirection redirections[] = {
#define REDIRECT(function) {.name = #function, .to = (uintptr_t)&own_##function, .next = &next.function},
#define SAME(name, ours) REDIRECT(name)
#define UNLIKE(name) REDIRECT(name)
    REDIRECT(mallocx) REDIRECT(rallocx) REDIRECT(xallocx)
#include "interpose/linux_own_functions.def"
#undef SAME
#undef UNLIKE
#undef REDIRECT
};

const char *linux_own_functions_settle(void)
{
    size_t count = sizeof redirections / sizeof redirections[0];
    if (!real_malloc_is_replaced()) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        void *found = platform_next_symbol(redirections[i].name);
        if (platform_same_file(found, real_malloc_code())) {
            memcpy(redirections[i].next, &found, sizeof found);
            redirections[i].exists = true;
        }
    }
    const char *direct = platform_redirect(real_malloc_code(), redirections, count);
    return direct != NULL ? direct : platform_bound(real_malloc_code(), redirections, count);
}
