/* Counts what is live on the C heap, by another way than the profiler: no table, no callstacks, only the usable sizes
 * that the C library itself tells. Preloaded into a bare run, it is a second opinion on a peak. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static atomic_long live, highest;

static void *taken(void *block)
{
    long now = atomic_fetch_add(&live, (long)malloc_usable_size(block)) + (long)malloc_usable_size(block);
    long before = atomic_load(&highest);
    while (now > before && !atomic_compare_exchange_weak(&highest, &before, now)) {
    }
    return block;
}

void *malloc(size_t bytes)
{
    return taken(__libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes)
{
    return taken(__libc_calloc(count, bytes));
}

void *realloc(void *block, size_t bytes)
{
    size_t before = malloc_usable_size(block);
    void *moved = __libc_realloc(block, bytes);
    if (moved != NULL || bytes == 0)
        atomic_fetch_sub(&live, (long)before);
    return taken(moved);
}

void *memalign(size_t alignment, size_t bytes)
{
    return taken(__libc_memalign(alignment, bytes));
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return taken(__libc_memalign(alignment, bytes));
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = taken(__libc_memalign(alignment, bytes));
    return *block != NULL ? 0 : ENOMEM;
}

void free(void *block)
{
    atomic_fetch_sub(&live, (long)malloc_usable_size(block));
    __libc_free(block);
}

/* Forget the highest so far; answers what is live. */
long counting_restart(void)
{
    atomic_store(&highest, atomic_load(&live));
    return atomic_load(&live);
}

long counting_highest(void)
{
    return atomic_load(&highest);
}
