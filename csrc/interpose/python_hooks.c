/* The interpreter's own allocator stays on: its domains are wrapped through the interpreter's public functions.
 *
 * Blocks that pymalloc serves itself (1 to 512 bytes) are recorded here. The malloc hook records those that it passes
 * on to malloc, with the size unchanged; recording a block a second time would only replace the entry. The arenas that
 * pymalloc maps are hidden from the mmap hook by wrapping its arena allocator, so the wrappers themselves need not hide
 * anything.
 *
 * With PYTHONMALLOC=malloc every object reaches malloc and nothing is wrapped. Any other allocator (mimalloc, in builds
 * without the GIL; PYTHONMALLOC=debug, tracemalloc) may pass on other sizes and addresses: then all its inner calls are
 * hidden, and the request itself is recorded.
 *
 * Wrappers exist only while tracking is on. A thread without the GIL may read a domain's function and its context at
 * any moment, also between two writes. So each domain has its own functions, which need no context, and the domain's
 * context never changes.
 */
#include "interpose/python_hooks.h"

#include <stddef.h>
#include <string.h>

#include "attribute/attribute.h"
#include "interpose/events.h"
#include "interpose/interpreter_calls.h"
#include "interpose/python_objects.h"
#include "interpose/python_wrappers.h"

static struct arena_allocator wrapped_arenas;
static bool in_place[3];
static bool arenas_in_place;
static get_allocator *get_present; /* found when nothing was held */
static const char *wrapped_name;   /* name of the interpreter's own allocator, if that is what is wrapped; else NULL */

static void *hidden_arena_take(void *context, size_t bytes)
{
    const struct arena_allocator *inner = context;
    events_hidden += 1;
    void *arena = inner->take(inner->context, bytes);
    events_hidden -= 1;
    python_objects_return();
    return arena;
}

static void hidden_arena_give(void *context, void *arena, size_t bytes)
{
    const struct arena_allocator *inner = context;
    events_hidden += 1;
    inner->give(inner->context, arena, bytes);
    events_hidden -= 1;
}

static void wrap_arenas(get_arena_allocator *get, set_arena_allocator *set)
{
    if (!arenas_in_place) {
        get(&wrapped_arenas);
        struct arena_allocator ours = {
            .context = &wrapped_arenas, .take = hidden_arena_take, .give = hidden_arena_give};
        set(&ours);
        arenas_in_place = true;
    }
}

static void wrap(int domain, bool pymalloc, const struct interpreter_calls *calls)
{
    if (!in_place[domain]) {
        bool small = pymalloc && python_wrapped[domain].context == NULL;
        enum kind kind = python_smallest_request == 0 ? KIND_SMALL : KIND_SPACED;
        if (!small) {
            kind = KIND_ANY;
        } else if (domain == DOMAIN_OBJ && python_objects_known()) {
            kind = KIND_FOLLOWED;
        }
        struct python_allocator ours = python_wrappers[kind][domain];
        ours.context = python_wrapped[domain].context;
        calls->set(domain, &ours);
        in_place[domain] = true;
    }
}

enum fil_status python_hooks_install(void)
{
    struct interpreter_calls calls;
    if (!interpreter_calls_find(&calls)) {
        return FIL_ERROR_NO_PYTHON;
    }
    get_present = calls.get;
    const char *present = attribute_python_version() < 0x03080000 ? "pymalloc" : interpreter_allocator_name();
    if (present != NULL && attribute_python_version() >= 0x03080000) { /* another tool that had wrapped others has
                                                                        * restored them over the library's */
        memset(in_place, 0, sizeof in_place);
    }
    if (!in_place[DOMAIN_OBJ]) { /* else the wrapper is already there */
        wrapped_name = present;
    }
    const char *name = wrapped_name;
    bool pymalloc = name != NULL && strcmp(name, "pymalloc") == 0;
    bool mimalloc = name != NULL && strncmp(name, "mimalloc", sizeof "mimalloc" - 1) == 0; /* or with "_debug" */
    python_smallest_request = attribute_python_version() < 0x03080000 || mimalloc || name == NULL ? SPACED : 0;
    for (int domain = DOMAIN_RAW; domain <= DOMAIN_OBJ; domain++) {
        if (!in_place[domain]) {
            calls.get(domain, &python_wrapped[domain]);
        }
    }
    wrap_arenas(calls.get_arenas, calls.set_arenas);
    for (int domain = mimalloc ? DOMAIN_RAW : DOMAIN_MEM; domain <= DOMAIN_OBJ; domain++) {
        if (mimalloc ||
            python_wrapped[domain].malloc != python_wrapped[DOMAIN_RAW].malloc) { /* else PYTHONMALLOC=malloc */
            wrap(domain, pymalloc, &calls);
        }
    }
    return FIL_OK;
}

static bool is_ours(int domain, const struct python_allocator *present)
{
    bool ours = false;
    for (int kind = 0; kind < KINDS; kind++) {
        ours = ours || (python_wrappers[kind][domain].malloc != NULL &&
                        present->malloc == python_wrappers[kind][domain].malloc);
    }
    return ours;
}

void python_hooks_are_combined(bool combined)
{
    struct interpreter_calls calls;
    if (!interpreter_calls_find(&calls)) {
        return;
    }
    for (int domain = DOMAIN_MEM; domain <= DOMAIN_OBJ; domain++) {
        struct python_allocator present;
        calls.get(domain, &present);
        for (int kind = 0; kind < KIND_ANY && in_place[domain]; kind++) {
            const struct python_allocator *alone = &python_wrappers[kind][domain];
            const struct python_allocator *twin = &python_wrappers[KINDS_ALONE + kind][domain];
            /* Where another tool is in front, nothing changes: that is only slower. */
            if (alone->malloc != NULL && present.malloc == (combined ? alone : twin)->malloc) {
                struct python_allocator ours = *(combined ? twin : alone);
                ours.context = python_wrapped[domain].context;
                calls.set(domain, &ours);
                break;
            }
        }
    }
}

bool python_hooks_outermost(void)
{
    struct python_allocator present;
    if (!in_place[DOMAIN_OBJ] || get_present == NULL || wrapped_name == NULL) {
        return false;
    }
    get_present(DOMAIN_OBJ, &present);
    return is_ours(DOMAIN_OBJ, &present);
}

void python_hooks_remove(void)
{
    struct interpreter_calls calls;
    if (!interpreter_calls_find(&calls)) {
        return;
    }
    for (int domain = DOMAIN_RAW; domain <= DOMAIN_OBJ; domain++) {
        struct python_allocator present;
        calls.get(domain, &present);
        if (in_place[domain] && is_ours(domain, &present)) {
            calls.set(domain, &python_wrapped[domain]);
            in_place[domain] = false;
        }
    }
    struct arena_allocator arenas;
    calls.get_arenas(&arenas);
    if (arenas_in_place && arenas.take == hidden_arena_take) {
        calls.set_arenas(&wrapped_arenas);
        arenas_in_place = false;
    }
}
