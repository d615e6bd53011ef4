/* Which calls fail: FAULT_CALLS="GROUP FIRST LAST ERRNO", GROUP one of FAULT_GROUPS. The calls of that group are
 * counted from 1; those from FIRST to LAST fail with ERRNO. ERRNO 0: a write is cut short instead. FAULT_LOG names a
 * file of 64-bit numbers, made by the test: the first says how many calls of the group were made, the second how many
 * of them failed, then come the calls by kind. Only the process that has loaded the library counts, not its forks. */
#include "faults.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "platform/platform.h"

#define LOG_WORDS (2 + FAULT_KINDS)

static uint64_t unlogged[LOG_WORDS];
static uint64_t *counts = unlogged;
static long process;
static bool reads;
static uint64_t first;
static uint64_t last;
static int failure;

__attribute__((constructor(101))) static void loaded(void)
{
    const char *calls = getenv("FAULT_CALLS");
    const char *log = getenv("FAULT_LOG");
    int descriptor = log == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, log, O_RDWR | O_CLOEXEC);
    if (calls == NULL || descriptor < 0) {
        return;
    }
    char *next = NULL;
    reads = strncmp(calls, "reads ", 6) == 0;
    first = strtoull(strchr(calls, ' '), &next, 10);
    last = strtoull(next, &next, 10);
    failure = (int)strtol(next, NULL, 10);
    void *mapped = (void *)syscall(SYS_mmap, NULL, sizeof unlogged, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    (void)syscall(SYS_close, descriptor);
    if (mapped != MAP_FAILED) {
        counts = mapped;
        process = syscall(SYS_getpid);
    }
}

static bool is_due(enum fault_kind kind)
{
    if (process == 0 || syscall(SYS_getpid) != process || (kind >= FAULT_FIRST_READ) != reads) {
        return false;
    }
    __atomic_fetch_add(&counts[2 + kind], 1, __ATOMIC_RELAXED);
    uint64_t number = __atomic_add_fetch(&counts[0], 1, __ATOMIC_RELAXED);
    return number >= first && number <= last;
}

static int fail(int reason)
{
    __atomic_fetch_add(&counts[1], 1, __ATOMIC_RELAXED);
    errno = reason;
    return 1;
}

int fault_now(enum fault_kind kind)
{
    int kept = errno;
    bool due = is_due(kind) && failure != 0;
    errno = kept;
    return due ? fail(failure) : 0;
}

void *fault_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    return fault_now(FAULT_mmap) ? MAP_FAILED : platform_mmap(address, bytes, protection, flags, descriptor, offset);
}

int fault_munmap(void *address, size_t bytes)
{
    return fault_now(FAULT_munmap) ? -1 : platform_munmap(address, bytes);
}

int fault_mprotect(void *address, size_t bytes, int protection, int key);
int fault_mprotect(void *address, size_t bytes, int protection, int key)
{
    return fault_now(FAULT_mprotect) ? -1 : platform_mprotect(address, bytes, protection, key);
}

long fault_syscall(long number, ...)
{
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (size_t i = 0; i < 6; i++) {
        a[i] = va_arg(rest, long); /* what was not passed is not looked at */
    }
    va_end(rest);
    int failed = 0;
    switch (number) {
    case SYS_pwrite64:
        if (failure == 0 && is_due(FAULT_pwrite64)) {
            (void)fail(errno);
            a[2] = (a[2] + 1) / 2;
        } else {
            failed = failure != 0 && fault_now(FAULT_pwrite64);
        }
        break;
#define CASE(name)                        \
    case SYS_##name:                      \
        failed = fault_now(FAULT_##name); \
        break;
        CASE(openat)
        CASE(fallocate)
        CASE(nanosleep)
        CASE(fcntl)
        CASE(fstat)
        CASE(futex)
        CASE(readlinkat)
        CASE(shmctl)
#undef CASE
    case SYS_close: /* fails after it has closed, as Linux does it */
        if (fault_now(FAULT_close)) {
            int reason = errno;
            (void)syscall(SYS_close, a[0]);
            errno = reason;
            return -1;
        }
        break;
    default:
        break; /* the program's own, or one that cannot fail */
    }
    return failed ? -1 : syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
