/* Hooks of the malloc family that only the C libraries of Linux have. */
#include <errno.h>
#include <stdint.h>

#include "interpose/hooks.h"
#include "interpose/malloc_hooks.h"
#include "interpose/real.h"

HOOK(void *, reallocarray)(void *block, size_t count, size_t bytes)
{
    size_t product;
    if (__builtin_mul_overflow(count, bytes, &product)) {
        errno = ENOMEM;
        return malloc_hooks_added(NULL, SIZE_MAX);
    }
    return realloc(block, product);
}

HOOK(void *, memalign)(size_t alignment, size_t bytes)
{
    return malloc_hooks_added(real.memalign(alignment, bytes), bytes);
}

HOOK(void *, pvalloc)(size_t bytes)
{
    return malloc_hooks_added(real.pvalloc(bytes), bytes);
}
