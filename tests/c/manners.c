/* What a program may rely on around malloc and mmap. Each check answers 0, or the number of the line that failed. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MIB ((size_t)1 << 20)
#define HUGE_BYTES ((size_t)1 << 60)
#define CHECK(condition)     \
    do {                     \
        if (!(condition))    \
            return __LINE__; \
    } while (0)

/* Hides from the compiler what is known about a value, so that it neither warns nor leaves the call out. */
static void *hidden(void *pointer)
{
    void *volatile kept = pointer;
    return kept;
}

static size_t hidden_size(size_t size)
{
    volatile size_t kept = size;
    return kept;
}

int manners_errno_is_kept(void)
{
    static const size_t sizes[] = {1, 24, 500, 5000, 100000, 200 * 1024, 4 * MIB, 40 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *block, *other = NULL;
        errno = 77;
        CHECK((block = malloc(sizes[i])) != NULL && errno == 77);
        CHECK((block = realloc(block, sizes[i] * 2)) != NULL && errno == 77);
        free(block);
        CHECK(errno == 77);
        CHECK((block = calloc(sizes[i], 1)) != NULL && errno == 77);
        free(block);
        CHECK(errno == 77);
        CHECK(posix_memalign(&other, 64, sizes[i]) == 0 && errno == 77);
        free(other);
        CHECK((block = memalign(64, sizes[i])) != NULL && errno == 77);
        free(block);
        CHECK(errno == 77);
    }
    errno = 78;
    char *at = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED && errno == 78);
    CHECK((at = mremap(at, 2 * MIB, 3 * MIB, MREMAP_MAYMOVE)) != MAP_FAILED && errno == 78);
    CHECK(munmap(at + MIB, 4096) == 0 && errno == 78);
    CHECK(munmap(at, 3 * MIB) == 0 && errno == 78);
    return 0;
}

/* Each failing call says why, as the C library does without a profiler. */
int manners_failures_say_why(void)
{
    void *block = (void *)1;
    errno = 0;
    CHECK(malloc(hidden_size(HUGE_BYTES)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(malloc(hidden_size(SIZE_MAX)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(malloc(hidden_size(SIZE_MAX - 8)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(calloc(hidden_size(SIZE_MAX / 2), 4) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(reallocarray(NULL, hidden_size(SIZE_MAX / 2), 4) == NULL && errno == ENOMEM);
    CHECK(posix_memalign(&block, 64, hidden_size(HUGE_BYTES)) == ENOMEM);
    CHECK(posix_memalign(&block, hidden_size(3), 100) == EINVAL && block == (void *)1);
    errno = 0;
    CHECK(memalign(64, hidden_size(HUGE_BYTES)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(aligned_alloc(64, hidden_size(HUGE_BYTES)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(valloc(hidden_size(HUGE_BYTES)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(pvalloc(hidden_size(SIZE_MAX - 100)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(mmap(NULL, hidden_size((size_t)1 << 62), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(errno == ENOMEM);
    errno = 0;
    CHECK(munmap((char *)4097, 4096) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    return 0;
}

int manners_nothing(void)
{
    void *one = hidden(malloc(0)), *two = hidden(calloc(0, 10)), *three = hidden(realloc(NULL, 0));
    CHECK(one != NULL && two != NULL && three != NULL && one != two && two != three);
    free(one);
    free(two);
    free(three);
    free(hidden(NULL));
    CHECK(realloc(hidden(malloc(100)), 0) == NULL);
    CHECK(malloc_usable_size(NULL) == 0);
    return 0;
}

int manners_usable_size(void)
{
    for (size_t size = 1; size < 3 * MIB; size = size * 3 + 1) {
        unsigned char *block = malloc(size);
        size_t usable = malloc_usable_size(block);
        CHECK(usable >= size);
        memset(block, 7, usable);
        block = realloc(block, usable);
        for (size_t i = 0; i < usable; i++)
            CHECK(block[i] == 7);
        free(block);
        CHECK((block = memalign(1024, size)) != NULL && malloc_usable_size(block) >= size);
        CHECK((uintptr_t)block % 1024 == 0);
        memset(block, 7, malloc_usable_size(block));
        free(block);
        CHECK((block = calloc(1, size)) != NULL);
        for (size_t i = 0; i < size; i++)
            CHECK(block[i] == 0);
        free(block);
    }
    return 0;
}

/* What stays alive after a call that failed. Each leaves `n` bytes. */
void *left_by_failed_realloc(size_t n)
{
    unsigned char *block = malloc(n);
    memset(block, 5, n);
    errno = 0;
    if (realloc(block, hidden_size(HUGE_BYTES)) != NULL || errno != ENOMEM)
        return NULL;
    if (reallocarray(block, hidden_size(SIZE_MAX / 2), 3) != NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (block[i] != 5)
            return NULL;
    return block;
}

void *left_by_failed_mappings(size_t n)
{
    char *at = mmap(NULL, n + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (munmap(at + n, 4096) != 0)
        return NULL;
    if (munmap(at + 1, n) != -1 || errno != EINVAL)
        return NULL;
    if (mremap(at, n, hidden_size((size_t)1 << 62), MREMAP_MAYMOVE) != MAP_FAILED)
        return NULL;
    if (mmap(at, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED)
        return NULL;
    at[0] = at[n - 1] = 1;
    return at;
}

/* Fails and leaves nothing. */
int left_by_failed_malloc(void)
{
    return malloc(hidden_size(HUGE_BYTES)) == NULL && calloc(hidden_size(HUGE_BYTES), 1) == NULL;
}
