/* Every way in which a C library takes memory and gives some of it back. Each function leaves exactly what its comment
 * says alive, answers the block, and NULL when something went wrong. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

/* Blocks that come and go: none of their bytes may stay on the line that calls. */
static void come_and_go(void)
{
    char *a = malloc(3 * MIB), *b = calloc(3, MIB);
    a[0] = b[0] = 1;
    free(a);
    free(b);
}

static void *map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* n bytes each */
void *way_malloc(size_t n)
{
    come_and_go();
    return malloc(n);
}

void *way_calloc(size_t n)
{
    come_and_go();
    return calloc(n / 16, 16);
}

void *way_realloc_of_null(size_t n)
{
    come_and_go();
    return realloc(NULL, n);
}

void *way_realloc_growing(size_t n)
{
    void *block = malloc(n / 8);
    for (int part = 2; part <= 8 && block != NULL; part++)
        block = realloc(block, n / 8 * part);
    return block;
}

void *way_realloc_shrinking(size_t n)
{
    void *block = malloc(n * 4);
    return realloc(block, n);
}

/* Small enough to shrink within the heap, where the address stays. */
void *way_small_reallocs(size_t n)
{
    void **blocks = malloc(n / 1000 * sizeof(void *));
    for (size_t i = 0; i < n / 1000; i++)
        blocks[i] = realloc(malloc(i % 2 ? 4000 : 10), 992);
    return blocks;
}

void *way_reallocarray(size_t n)
{
    return reallocarray(reallocarray(NULL, 4, 100), n / 32, 32);
}

void *way_posix_memalign(size_t n)
{
    void *block = NULL, *other = NULL;
    if (posix_memalign(&other, 64, 3 * MIB) != 0)
        return NULL;
    free(other);
    return posix_memalign(&block, 4096, n) == 0 ? block : NULL;
}

void *way_aligned_alloc(size_t n)
{
    free(aligned_alloc(64, 3 * MIB));
    return aligned_alloc(1 << 16, n);
}

void *way_memalign(size_t n)
{
    free(memalign(64, 3 * MIB));
    return memalign(256, n);
}

void *way_valloc(size_t n)
{
    free(valloc(3 * MIB));
    return valloc(n);
}

void *way_pvalloc(size_t n)
{
    free(pvalloc(3 * MIB));
    return pvalloc(n);
}

void *way_strdup(size_t n)
{
    char *text = malloc(n), *copy;
    memset(text, 'x', n - 1);
    text[n - 1] = 0;
    copy = strdup(text);
    free(text);
    return copy;
}

void *way_asprintf(size_t n)
{
    char *text = NULL;
    return asprintf(&text, "%*d", (int)n - 1, 7) > 0 ? text : NULL;
}

void *way_mmap(size_t n)
{
    void *other = map(3 * MIB);
    munmap(other, 3 * MIB);
    return map(n);
}

void *way_mmap64(size_t n)
{
    void *at = mmap64(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void *way_mmap_shared(size_t n)
{
    void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void *way_munmap_of_head(size_t n)
{
    char *at = map(n + 3 * MIB);
    return munmap(at, 3 * MIB) == 0 ? at + 3 * MIB : NULL;
}

void *way_munmap_of_tail(size_t n)
{
    char *at = map(n + 3 * MIB);
    return munmap(at + n, 3 * MIB) == 0 ? at : NULL;
}

void *way_munmap_of_hole(size_t n)
{
    char *at = map(n + 3 * MIB);
    return munmap(at + n / 2, 3 * MIB) == 0 ? at : NULL;
}

/* A length that is no multiple of the page is rounded up by the kernel, also in munmap. */
void *way_munmap_of_odd_lengths(size_t n)
{
    char *at = map(n + 3 * MIB - 5);
    return munmap(at, 3 * MIB - 100) == 0 ? at + 3 * MIB : NULL;
}

void *way_mremap_growing(size_t n)
{
    void *at = mremap(map(n / 4), n / 4, n, MREMAP_MAYMOVE);
    return at == MAP_FAILED ? NULL : at;
}

void *way_mremap_moving(size_t n)
{
    char *target = map(n + 2 * MIB), *at = map(n / 2);
    munmap(target, n + 2 * MIB);
    at = mremap(at, n / 2, n, MREMAP_MAYMOVE | MREMAP_FIXED, target + MIB);
    return at == target + MIB ? at : NULL;
}

void *way_mremap_shrinking(size_t n)
{
    char *at = map(n * 3);
    return mremap(at, n * 3, n, 0) == at ? at : NULL;
}

static void *thread_that_takes(void *amount)
{
    come_and_go();
    return malloc((size_t)(uintptr_t)amount);
}

void *way_pthread(size_t n)
{
    pthread_t thread;
    void *block = NULL;
    if (pthread_create(&thread, NULL, thread_that_takes, (void *)(uintptr_t)n) != 0)
        return NULL;
    pthread_join(thread, &block);
    return block;
}

static void *thread_that_starts_another(void *amount)
{
    return way_pthread((size_t)(uintptr_t)amount);
}

void *way_pthread_of_a_pthread(size_t n)
{
    pthread_t thread;
    void *block = NULL;
    if (pthread_create(&thread, NULL, thread_that_starts_another, (void *)(uintptr_t)n) != 0)
        return NULL;
    pthread_join(thread, &block);
    return block;
}

/* n bytes of thirty times n; the rest is freed in another order than it was taken. */
void *way_free_of_a_part(size_t n)
{
    void *blocks[30];
    for (int i = 0; i < 30; i++)
        blocks[i] = malloc(n);
    for (int i = 0; i < 30; i++)
        if ((i * 7) % 30 != 11)
            free(blocks[(i * 7) % 30]);
    return blocks[11];
}

/* Nothing at all */
int way_realloc_to_nothing(size_t n)
{
    void *volatile block = malloc(n);
    return realloc(block, 0) == NULL;
}

int way_file_mapping(const char *path, size_t n)
{
    int file = open(path, O_RDONLY);
    void *at = mmap(NULL, n, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    return at != MAP_FAILED;
}

/* Pieces that tests put together on lines of their own. */
void *piece_map(size_t n)
{
    return map(n);
}

int piece_map_over(char *at, size_t n)
{
    return mmap(at, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at;
}

int piece_file_over(char *at, size_t n, const char *path)
{
    int file = open(path, O_RDONLY);
    void *got = mmap(at, n, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
    close(file);
    return got == at;
}

int piece_unmap(char *at, size_t n)
{
    return munmap(at, n) == 0;
}

int piece_move_over(char *from, size_t n, char *to)
{
    return mremap(from, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}

void *piece_malloc(size_t n)
{
    return malloc(n);
}

void piece_free(void *block)
{
    free(block);
}

static void *thread_that_frees(void *block)
{
    free(block);
    return NULL;
}

int piece_free_in_a_thread(void *block)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, thread_that_frees, block) == 0 && pthread_join(thread, NULL) == 0;
}
