/* Takes memory by the functions that jemalloc, tcmalloc and mimalloc have of their own, whichever is there. */
#include <stddef.h>
#include <stdlib.h>

#pragma weak mallocx
#pragma weak rallocx
#pragma weak xallocx
#pragma weak dallocx
#pragma weak sdallocx
#pragma weak tc_malloc
#pragma weak tc_realloc
#pragma weak tc_free
#pragma weak tc_free_sized
#pragma weak tc_malloc_skip_new_handler
#pragma weak mi_malloc
#pragma weak mi_realloc
#pragma weak mi_free
#pragma weak mi_free_size
#pragma weak mi_zalloc

void *mallocx(size_t bytes, int flags);
void *rallocx(void *block, size_t bytes, int flags);
size_t xallocx(void *block, size_t bytes, size_t more, int flags);
void dallocx(void *block, int flags);
void sdallocx(void *block, size_t bytes, int flags);
void *tc_malloc(size_t bytes);
void *tc_realloc(void *block, size_t bytes);
void tc_free(void *block);
void tc_free_sized(void *block, size_t bytes);
void *tc_malloc_skip_new_handler(size_t bytes);
void *mi_malloc(size_t bytes);
void *mi_realloc(void *block, size_t bytes);
void mi_free(void *block);
void mi_free_size(void *block, size_t bytes);
void *mi_zalloc(size_t bytes);

static void *take(size_t n)
{
    return mallocx ? mallocx(n, 0) : tc_malloc ? tc_malloc(n) : mi_malloc ? mi_malloc(n) : NULL;
}

static void give(void *block)
{
    if (dallocx)
        dallocx(block, 0);
    else if (tc_free)
        tc_free(block);
    else if (mi_free)
        mi_free(block);
}

static void give_sized(void *block, size_t n)
{
    if (sdallocx)
        sdallocx(block, n, 0);
    else if (tc_free_sized)
        tc_free_sized(block, n);
    else if (mi_free_size)
        mi_free_size(block, n);
}

/* n bytes */
void *own_taken(size_t n)
{
    void *gone = take(3 * n);
    give(gone);
    return take(n);
}

/* n bytes */
void *own_resized(size_t n)
{
    void *block = take(n / 3);
    block = rallocx      ? rallocx(block, n, 0)
            : tc_realloc ? tc_realloc(block, n)
            : mi_realloc ? mi_realloc(block, n)
                         : NULL;
    if (xallocx)
        xallocx(block, n, n / 2, 0); /* as far as it goes: what is asked for stays n */
    return block;
}

/* 0 bytes: blocks of malloc's, given back by another name, with their size */
void *own_given_back(size_t n)
{
    for (int round = 0; round < 3; round++)
        for (size_t bytes = 1; bytes < 4096; bytes += bytes < 64 ? 1 : 61) {
            void *blocks[64];
            for (int i = 0; i < 64; i++)
                blocks[i] = malloc(bytes);
            for (int i = 0; i < 64; i++)
                give_sized(blocks[i], bytes);
        }
    give_sized(malloc(n), n);
    return &own_given_back;
}

/* n bytes, by malloc's names of blocks that have been taken by others */
void *own_mixed(size_t n)
{
    free(take(n));
    return realloc(take(n / 2), n);
}

/* At least n bytes that nobody counts, by a function that is like none of the C library's. */
void *own_unlike(size_t n)
{
    return tc_malloc_skip_new_handler ? tc_malloc_skip_new_handler(n) : mi_zalloc ? mi_zalloc(n) : NULL;
}
