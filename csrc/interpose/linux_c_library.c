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

/* The files whose tables change: the C library's, where threads and the dynamic linker's functions may have files of
 * their own, and some functions are in two; and that of another malloc. */
enum file { LIBRARY, THREADS, LINKER, ALLOCATOR, FILES };
static const void *code_in[FILES];
static struct platform_extent extents[FILES];

/* In which of the files the next definition of each function is. */
static enum file next[COUNT];

static enum file file_of(const char *name)
{
    const void *code = platform_next_symbol(name);
    enum file file = LIBRARY;
    while (file < FILES && !platform_in_extent(code, &extents[file])) {
        file++;
    }
    return file;
}

static bool is_of_c_library(enum file file)
{
    return file == LIBRARY || file == THREADS || file == LINKER;
}

static void find_files(void)
{
    code_in[LIBRARY] = platform_next_symbol("lldiv"); /* nobody replaces these three */
    code_in[THREADS] = platform_next_symbol("pthread_getconcurrency");
    code_in[LINKER] = platform_next_symbol("dlinfo");
    code_in[ALLOCATOR] = real_malloc_is_replaced() ? real_malloc_code() : NULL;
    for (enum file file = LIBRARY; file < FILES; file++) {
        extents[file] = platform_file_extent(code_in[file]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        enum file of_name = file_of(functions[i].name);
        bool same = strcmp(functions[i].hook, functions[i].name) == 0;
        enum file of_hook = same ? of_name : file_of(functions[i].hook);
        bool one_owner = of_name == of_hook || (is_of_c_library(of_name) && is_of_c_library(of_hook));
        next[i] = one_owner ? of_name : FILES;
    }
}

/* Those whose next definition is in this file; or the others of the C library, which may be in it too. Returns the name
 * of one that cannot be redirected. */
static const char *redirect_in(enum file file, bool others)
{
    static struct platform_redirection redirections[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        bool wanted = others ? next[i] != file && is_of_c_library(next[i]) : next[i] == file;
        uintptr_t to = wanted ? platform_own_function(functions[i].hook) : 0;
        redirections[i] = (struct platform_redirection){.name = functions[i].name, .to = to, .exists = to != 0};
    }
    return platform_redirect(code_in[file], redirections, COUNT);
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

static bool is_there_twice;

__attribute__((cold, noinline)) static void note(void)
{
    if (!events_counted() || state.ledger.header->missed[FIL_MISSED_MALLOC] != 0) {
        return; /* or from within the other malloc, which may ask the C library's */
    }
    bool locked = state_enter();
    if (events_still_counted()) {
        ledger_missed(&state.ledger, FIL_MISSED_MALLOC);
        state.ledger.header->malloc_path = libraries_path(code_in[LIBRARY]);
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
    return is_there_twice ? code_in[LIBRARY] : NULL;
}

#define DEFINE(name)                                 \
    static word noted_##name(word a, word b, word c) \
    {                                                \
        note();                                      \
        return past_ours.name(a, b, c);              \
    }
FOR_EACH_THAT_TAKES(DEFINE)
#undef DEFINE

static void note_calls(void)
{
#define ENTRY(function) \
    {.name = #function, .to = (uintptr_t)&noted_##function, .next = &past_ours.function, .exists = true},
    static const struct platform_redirection redirections[] = {FOR_EACH_THAT_TAKES(ENTRY)};
#undef ENTRY
    (void)platform_redirect(code_in[LIBRARY], redirections, sizeof redirections / sizeof redirections[0]);
}

const char *linux_c_library_settle(void)
{
    find_files();
    const char *direct = NULL;
    for (enum file file = LIBRARY; file < FILES; file++) {
        if (code_in[file] != NULL && (file == LIBRARY || !platform_in_extent(code_in[file], &extents[LIBRARY]))) {
            const char *one = redirect_in(file, false);
            direct = direct == NULL ? one : direct;
            if (is_of_c_library(file)) {
                (void)redirect_in(file, true);
            }
        }
    }
    if (code_in[ALLOCATOR] != NULL) {
        note_calls();
    }
    return direct;
}
