/* Who looks for a function in the C library itself does not find the hook in front of it: dlsym with a handle of that
 * library, and all calls of a library that is loaded with RTLD_DEEPBIND. So the C library's table of symbols leads to
 * the hooks as well; for a function that another library replaces, that one's table.
 *
 * A hook knows the real function, the next one, by its address. The C library's functions behind that one are left
 * alone: the library in between may look for them in the same way, and it and the hook would call each other forever.
 * So where malloc is another's, it is only noted that somebody called the C library's. */
#include "interpose/linux_c_library.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "attribute/libraries.h"
#include "interpose/events.h"
#include "interpose/real.h"
#include "platform/platform.h"
#include "platform/system.h"

static const struct {
    const char *name;
    const char *hook;
} functions[] = {
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms({#name, #name}, )
#define REPLACED(result, name, parameters, platforms) ON_##platforms({#name, #name}, )
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
    /* Other names of the same functions, for programs that replace malloc. */
    {"__libc_malloc", "malloc"},
    {"__libc_calloc", "calloc"},
    {"__libc_realloc", "realloc"},
    {"__libc_free", "free"},
    {"cfree", "free"},
    {"__libc_memalign", "memalign"},
    {"__libc_valloc", "valloc"},
    {"__libc_pvalloc", "pvalloc"},
};
#define COUNT (sizeof functions / sizeof functions[0])

/* Those whose next definition is in the file that has `code`. Returns the name of one that cannot be redirected. */
static const char *redirect_in(const void *code)
{
    static struct platform_redirection redirections[COUNT];
    const struct platform_extent file = platform_file_extent(code);
    for (size_t i = 0; i < COUNT; i++) {
        uintptr_t to = platform_own_function(functions[i].hook);
        bool exists = to != 0 && platform_in_extent(platform_next_symbol(functions[i].name), &file) &&
                      platform_in_extent(platform_next_symbol(functions[i].hook), &file);
        redirections[i] = (struct platform_redirection){.name = functions[i].name, .to = to, .exists = exists};
    }
    return platform_redirect(code, redirections, COUNT);
}

/* Where another malloc is in use: the C library's functions that return a block. */
#define FOR_EACH_THAT_TAKES(DO) DO(malloc) DO(calloc) DO(realloc) DO(posix_memalign) DO(aligned_alloc) DO(memalign)

/* Arguments and results of any of them travel in the same registers, whatever their types are and however many. */
typedef uintptr_t word;

static struct {
#define DECLARE(name) word (*name)(word a, word b, word c);
    FOR_EACH_THAT_TAKES(DECLARE)
#undef DECLARE
} past_ours;

static const void *c_library_code;
static bool is_there_twice;

__attribute__((cold, noinline)) static void note(void)
{
    if (!events_counted() || state.ledger.header->missed[FIL_MISSED_MALLOC] != 0) {
        return; /* or from within the other malloc, which may ask the C library's */
    }
    bool locked = state_enter();
    if (events_still_counted()) {
        ledger_missed(&state.ledger, FIL_MISSED_MALLOC);
        state.ledger.header->malloc_path = libraries_path(c_library_code);
    }
    state_leave(locked);
}

void linux_c_library_is_loaded_again(void)
{
    is_there_twice = true;
    note();
}

const void *linux_c_library_twice(void)
{
    return is_there_twice ? c_library_code : NULL;
}

#define DEFINE(name)                                 \
    static word noted_##name(word a, word b, word c) \
    {                                                \
        note();                                      \
        return past_ours.name(a, b, c);              \
    }
FOR_EACH_THAT_TAKES(DEFINE)
#undef DEFINE

static void note_calls_in(const void *code)
{
#define ENTRY(function) \
    {.name = #function, .to = (uintptr_t)&noted_##function, .next = &past_ours.function, .exists = true},
    static const struct platform_redirection redirections[] = {FOR_EACH_THAT_TAKES(ENTRY)};
#undef ENTRY
    (void)platform_redirect(code, redirections, sizeof redirections / sizeof redirections[0]);
}

const char *linux_c_library_settle(void)
{
    const void *threads = platform_next_symbol("pthread_join"); /* may be in a file of its own */
    const char *direct[3] = {NULL, NULL, NULL};
    c_library_code = platform_next_symbol("__errno_location"); /* nobody replaces this one */
    direct[0] = redirect_in(c_library_code);
    if (threads != NULL && !platform_same_file(threads, c_library_code)) {
        direct[1] = redirect_in(threads);
    }
    if (real_malloc_is_replaced()) {
        direct[2] = redirect_in(real_malloc_code());
        note_calls_in(c_library_code);
    }
    return direct[0] != NULL ? direct[0] : direct[1] != NULL ? direct[1] : direct[2];
}
