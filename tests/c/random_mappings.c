/* A random sequence of mmap, munmap, mremap and mprotect inside one piece of address space; the kernel's own account of
 * it, /proc/self/maps, says what is mapped in the end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096L
#define PAGES 2048L
#define RW (PROT_READ | PROT_WRITE)
#ifndef MREMAP_DONTUNMAP
#    define MREMAP_DONTUNMAP 4
#endif
#ifndef MAP_FIXED_NOREPLACE
#    define MAP_FIXED_NOREPLACE 0x100000
#endif

static uint64_t chance;

static long below(long limit)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (long)((chance >> 33) % (uint64_t)limit);
}

static char *area;
static int file, shared;

static int has_hole(char *at, long bytes)
{
    static unsigned char pages[PAGES];
    return mincore(at, (size_t)bytes, pages) != 0;
}

/* Over whatever lies at `target`. Linux may have moved a part of several mappings, or made room, before it says no; so
 * then both places are emptied. */
static void move(char *at, size_t bytes, size_t new_bytes, int flags, char *target)
{
    if (mremap(at, bytes, new_bytes, MREMAP_MAYMOVE | MREMAP_FIXED | flags, target) == MAP_FAILED) {
        munmap(at, bytes);
        munmap(target, new_bytes);
    }
}

static void step(void)
{
    long first = below(PAGES);
    long count = 1 + below(below(8) == 0 ? PAGES - first : (PAGES - first < 40 ? PAGES - first : 40));
    char *at = area + first * PAGE;
    size_t bytes = (size_t)(count * PAGE);
    size_t uneven = bytes - (size_t)below(PAGE); /* the kernel rounds up */
    long target = below(PAGES - count);
    switch (below(16)) {
    case 0:
        mmap(at, uneven, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        break;
    case 1:
        mmap(at, bytes, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        break;
    case 2:
        mmap64(at, uneven, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        break;
    case 3:
        mmap(at, uneven, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, below(4) * PAGE);
        break;
    case 4:
        mmap(at, bytes, RW, MAP_SHARED | MAP_FIXED, file, 0);
        break;
    case 5:
        mmap(at, bytes, RW, MAP_SHARED | MAP_FIXED, shared, 0);
        break;
    case 6:
        mmap(at, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        break;
    case 7:
    case 8:
        munmap(at, uneven);
        break;
    case 9: /* in place, or not at all */
        mremap(at, bytes, (size_t)(below(PAGES - first) + 1) * PAGE, 0);
        break;
    case 10:
        move(at, bytes, (size_t)(below(count) + 1) * PAGE, 0, area + target * PAGE);
        break;
    case 11:
        move(at, bytes, bytes, 0, area + target * PAGE);
        break;
    case 12:
        move(at, bytes, bytes, MREMAP_DONTUNMAP, area + target * PAGE);
        break;
    case 13: /* part of the given-back memory is still the program's */
        madvise(at, bytes, below(2) ? MADV_DONTNEED : MADV_FREE);
        break;
    default:
        if (!has_hole(at, (long)bytes)) { /* the kernel changes what lies before a hole, and says no */
            if (below(2))
                mprotect(at, bytes, RW);
            else
                pkey_mprotect(at, bytes, PROT_READ, -1);
        }
    }
}

/* Bytes in `area` that are usable memory, and those of the file. */
static int account(long *memory, long *files, const char *path)
{
    static char line[8192];
    FILE *maps = fopen("/proc/self/maps", "r");
    *memory = *files = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char rights[5], rest[4096] = "";
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %4095[^\n]", &start, &end, rights, rest) < 3)
            return 0;
        unsigned long low = start < (unsigned long)area ? (unsigned long)area : start;
        unsigned long high = (unsigned long)(area + PAGES * PAGE) < end ? (unsigned long)(area + PAGES * PAGE) : end;
        if (low >= high)
            continue;
        if (strcmp(rest, path) == 0)
            *files += (long)(high - low);
        else if (strncmp(rights, "---", 3) != 0)
            *memory += (long)(high - low);
    }
    return maps != NULL && fclose(maps) == 0;
}

/* Runs `steps` steps; the tracked memory and the mapped bytes of the file at `path` that must be told come back. */
int random_mappings(uint64_t seed, long steps, const char *path, long *memory, long *files)
{
    chance = seed;
    file = open(path, O_RDWR | O_CREAT, 0600);
    shared = memfd_create("random", 0);
    if (file < 0 || shared < 0 || ftruncate(file, PAGES * PAGE) != 0 || ftruncate(shared, PAGES * PAGE) != 0)
        return 0;
    area = mmap(NULL, (size_t)(PAGES * PAGE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED)
        return 0;
    for (long i = 0; i < steps; i++)
        step();
    close(file);
    close(shared);
    return account(memory, files, path);
}
