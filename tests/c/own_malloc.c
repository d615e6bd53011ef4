/* A malloc that nobody has heard of, to be preloaded or to be a part of an executable. It packs blocks of 8 bytes side
 * by side, maps large ones each by itself, and calls mmap by its name, as most do. What is small is never given back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE ((size_t)1 << 16)
#define CHUNK ((size_t)4 << 20)
#define TINY 8u
#define TINY_BYTES ((size_t)32 << 20)

/* Before each block that is not tiny. */
struct head {
    size_t bytes;   /* that were asked for */
    size_t mapping; /* how long the mapping is that begins before it in the same page; 0: it lies in a chunk */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Alignas(16) char tiny[TINY_BYTES];
static size_t tiny_used;
static char *chunk;
static size_t chunk_left;

static int is_tiny(const void *block)
{
    return (uintptr_t)block - (uintptr_t)tiny < TINY_BYTES;
}

static void *map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* Room for a block and its head, not aligned. */
static char *take(size_t bytes)
{
    if (chunk_left < bytes) {
        chunk = map(CHUNK);
        chunk_left = chunk == NULL ? 0 : CHUNK;
    }
    char *at = chunk_left < bytes ? NULL : chunk + CHUNK - chunk_left;
    chunk_left -= at == NULL ? 0 : bytes;
    return at;
}

static void *any_block(size_t alignment, size_t bytes)
{
    size_t apart = alignment < 16 ? 16 : alignment;
    size_t needed = bytes + sizeof(struct head) + apart;
    if (bytes > PTRDIFF_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    pthread_mutex_lock(&lock);
    char *block = NULL;
    if (bytes <= TINY && alignment <= TINY && tiny_used < TINY_BYTES) {
        block = tiny + tiny_used;
        tiny_used += TINY;
    } else {
        int large = needed >= LARGE;
        char *room = large ? map(needed) : take(needed);
        if (room != NULL) {
            uintptr_t after = (uintptr_t)room + sizeof(struct head);
            block = room + ((after + apart - 1) / apart * apart - (uintptr_t)room);
            ((struct head *)(void *)block)[-1] = (struct head){bytes, large && apart == 16 ? needed : 0};
        }
    }
    pthread_mutex_unlock(&lock);
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

static size_t size_of(const void *block)
{
    return is_tiny(block) ? TINY : ((const struct head *)block)[-1].bytes;
}

void *malloc(size_t bytes)
{
    return any_block(8, bytes);
}

void free(void *block)
{
    if (block != NULL && !is_tiny(block) && ((struct head *)block)[-1].mapping != 0)
        munmap((char *)block - sizeof(struct head), ((struct head *)block)[-1].mapping);
}

void *calloc(size_t count, size_t bytes)
{
    size_t product;
    return any_block(8,
                     __builtin_mul_overflow(count, bytes, &product) ? SIZE_MAX : product); /* nothing is used twice */
}

void *realloc(void *block, size_t bytes)
{
    void *moved = any_block(8, bytes);
    if (block != NULL && moved != NULL) {
        memcpy(moved, block, size_of(block) < bytes ? size_of(block) : bytes);
        free(block);
    }
    return moved;
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = any_block(alignment, bytes);
    return *block == NULL ? ENOMEM : 0;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return any_block(alignment, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return any_block(alignment, bytes);
}

void *valloc(size_t bytes)
{
    return any_block(4096, bytes);
}

void *pvalloc(size_t bytes)
{
    return any_block(4096, (bytes + 4095) / 4096 * 4096);
}

size_t malloc_usable_size(void *block)
{
    return block == NULL ? 0 : size_of(block);
}
