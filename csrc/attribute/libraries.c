#include "attribute/libraries.h"

#include <string.h>

#include "attribute/attribute.h"
#include "state.h"

#define LEAST_BYTES ((size_t)1 << 20) /* allocators reserve memory by the megabyte; less is a thread's small data */
#define LIBRARIES_KEPT 64u

struct library {
    uintptr_t start;
    uintptr_t end; /* of the calling code: 0 if this entry is empty */
    uint32_t code; /* 0: its path is unknown */
};

/* Used under the lock. When it is full, the oldest entry is replaced; a library that is unloaded, and another one at
 * its address, is too rare to check for. */
static struct library libraries[LIBRARIES_KEPT];
static uint32_t next_library;

static struct platform_module module; /* one user at a time: this runs inside an event */

uint64_t libraries_path(const void *code)
{
    bool found = platform_module_at((uintptr_t)code, &module);
    return found ? ledger_text(&state.ledger, (const uint8_t *)module.path, module.path_bytes) : 0;
}

static uint32_t look_up(uintptr_t caller)
{
    struct library *library = &libraries[next_library];
    struct fil_code code = {.filename = 0, .kind = FIL_CODE_LIBRARY};
    *library = (struct library){.start = caller, .end = caller + 1, .code = 0};
    next_library = (next_library + 1) % LIBRARIES_KEPT;
    if (platform_module_at(caller, &module)) {
        code.filename = ledger_text(&state.ledger, (const uint8_t *)module.path, module.path_bytes);
        *library = (struct library){.start = module.start, .end = module.end, .code = 0};
    }
    library->code = code.filename == 0 ? 0 : ledger_code(&state.ledger, &code);
    return library->code;
}

static uint32_t library_code(uintptr_t caller)
{
    for (uint32_t i = 0; i < LIBRARIES_KEPT; i++) {
        if (caller >= libraries[i].start && caller < libraries[i].end) {
            return libraries[i].code;
        }
    }
    return look_up(caller);
}

void libraries_end(void)
{
    memset(libraries, 0, sizeof libraries);
}

uint32_t libraries_node(uint32_t node, const void *caller, size_t bytes)
{
    if (bytes < LEAST_BYTES || node == FIL_NODE_LOST) {
        return node;
    }
    bool locked = state_enter();
    node = attribute_revalidate(node);
    uint32_t code = state.tracking ? library_code((uintptr_t)caller) : 0;
    uint32_t mapped = code == 0 ? node : ledger_child(&state.ledger, node, code, 0);
    state_leave(locked);
    return mapped == FIL_NODE_LOST ? node : mapped;
}
