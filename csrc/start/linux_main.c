/* Replaces the C library's function that calls main, so that the library's main runs first. */
#include <stddef.h>
#include <string.h>

#include "platform/platform.h"
#include "platform/system.h"
#include "start/moment.h"

typedef int main_function(int count, char **words, char **environment);
typedef int start_function(main_function *main, int count, char **words, void (*init)(void), void (*fini)(void),
                           void (*linker_fini)(void), void *stack_end);

HOOK(int, __libc_start_main)(main_function *main, int count, char **words, void (*init)(void), void (*fini)(void),
                             void (*linker_fini)(void), void *stack_end);

static main_function *programs_main;

static int main_after_us(int count, char **words, char **environment)
{
    if (!platform_is_privileged()) {
        count = moment_await(count, words);
    }
    return programs_main(count, words, environment);
}

HOOK(int, __libc_start_main)(main_function *main, int count, char **words, void (*init)(void), void (*fini)(void),
                             void (*linker_fini)(void), void *stack_end)
{
    start_function *start;
    void *found = platform_next_symbol("__libc_start_main");
    memcpy(&start, &found, sizeof start); /* an object pointer is no function pointer to ISO C */
    programs_main = main;
    return start(main_after_us, count, words, init, fini, linker_fini, stack_end);
}
