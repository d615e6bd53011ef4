/* C++'s `new` and `delete`. Those of the C++ library call malloc and free, which is enough to see them. A replacement
 * of malloc has its own operators, which call no hooked function: then, and only then, the library's operators replace
 * them.
 *
 * The dynamic linker binds what starts with the program before any code of the library runs. So the operators are
 * exported from the beginning, pass calls on, and are withdrawn once it is known that they are not needed: libraries
 * loaded later find the C++ library's as if there had been no others. */
#include "interpose/linux_operators.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "interpose/events.h"
#include "interpose/malloc_hooks.h"
#include "interpose/real.h"
#include "platform/platform.h"

#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) HOOK(void *, name) parameters;
#define OPERATOR_DELETE(name, parameters, arguments, plain, given) HOOK(void, name) parameters;
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE

/* The next ones after the library's, and which of them are those of the hooked malloc. */
static struct {
#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) void *(*name)parameters;
#define OPERATOR_DELETE(name, parameters, arguments, plain, given) void(*name) parameters;
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE
} next;

static struct {
#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) bool name;
#define OPERATOR_DELETE(name, parameters, arguments, plain, given) bool name;
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE
} of_malloc;

static void find_next(void)
{
    static bool found;
    if (!found) {
        real_resolve();
        void *symbol;
#define FIND(name)                                                                                      \
    symbol = platform_next_symbol(#name);                                                               \
    memcpy(&next.name, &symbol, sizeof symbol); /* an object pointer is no function pointer to ISO C */ \
    of_malloc.name = real_malloc_is_replaced() && platform_same_file(symbol, real_malloc_code());
#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) FIND(name)
#define OPERATOR_DELETE(name, parameters, arguments, plain, given) FIND(name)
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE
#undef FIND
        found = true;
    }
}

static const char no_tag; /* std::nothrow has no content */

/* A `new` that throws must not do so where inner calls are hidden: the quiet one is called, and if it has no memory,
 * the other one throws. If no next operator exists, which happens if they could not be withdrawn, malloc replaces
 * it. */
#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) \
    HOOK(void *, name) parameters                                        \
    {                                                                    \
        find_next();                                                     \
        if (next.name == NULL) {                                         \
            return instead;                                              \
        }                                                                \
        if (!of_malloc.name || !of_malloc.quiet) {                       \
            return next.name arguments;                                  \
        }                                                                \
        size_t enough = real_enough(bytes);                              \
        events_hidden += 1;                                              \
        void *block = next.quiet asked;                                  \
        events_hidden -= 1;                                              \
        if (block == NULL) {                                             \
            event_request_failed(bytes, FIL_REQUEST_BLOCK);              \
            return next.name arguments;                                  \
        }                                                                \
        return malloc_hooks_added(block, bytes);                         \
    }
/* More may have been requested than the program knows: so the size that it passes is dropped. */
#define OPERATOR_DELETE(name, parameters, arguments, plain, given)       \
    HOOK(void, name) parameters                                          \
    {                                                                    \
        find_next();                                                     \
        if (next.name == NULL || (of_malloc.name && !of_malloc.plain)) { \
            free(block);                                                 \
        } else if (!of_malloc.name) {                                    \
            next.name arguments;                                         \
        } else {                                                         \
            if (state.tracking) {                                        \
                event_block_removed(block);                              \
            }                                                            \
            events_hidden += 1;                                          \
            next.plain given;                                            \
            events_hidden -= 1;                                          \
        }                                                                \
    }
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE

void linux_operators_settle(void)
{
    find_next();
    const char *names[64];
    size_t count = 0;
#define WITHDRAW(name)          \
    if (!of_malloc.name) {      \
        names[count++] = #name; \
    }
#define OPERATOR_NEW(name, parameters, arguments, quiet, asked, instead) WITHDRAW(name)
#define OPERATOR_DELETE(name, parameters, arguments, plain, given) WITHDRAW(name)
#include "interpose/linux_operators.def"
#undef OPERATOR_NEW
#undef OPERATOR_DELETE
#undef WITHDRAW
    (void)platform_withdraw(names, count);
}
