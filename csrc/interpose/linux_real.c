/* Until the dynamic linker has found the real functions, each pointer leads to a stand-in that looks them up; so a call
 * needs no test. During the lookup (it may allocate), memory comes from a small static arena. */
#include "interpose/real.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "interpose/exec_hooks.h"
#include "interpose/inner_calls.h"
#include "interpose/linux_c_library.h"
#include "interpose/linux_namespace_hooks.h"
#include "interpose/linux_operators.h"
#include "interpose/linux_own_functions.h"
#include "interpose/linux_syscall.h"
#include "interpose/mmap_hooks.h"
#include "platform/platform.h"

#define ARENA_BYTES 16384u
#define ALIGNMENT 16u

/* Memory for allocations during the lookup of the real functions. Never reused. */
static _Alignas(16) unsigned char arena[ARENA_BYTES];
static size_t arena_used;

static bool in_arena(const void *block)
{
    return (uintptr_t)block - (uintptr_t)arena < ARENA_BYTES;
}

static void *arena_take(size_t bytes)
{
    size_t needed = (bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; /* the size is before the block */
    if (needed < bytes || needed > ARENA_BYTES - arena_used) {
        return NULL;
    }
    unsigned char *block = arena + arena_used + ALIGNMENT;
    memcpy(block - ALIGNMENT, &bytes, sizeof bytes);
    arena_used += needed;
    return block;
}

/* Filled in by real_resolve; `real` itself leads to the stand-ins until then. */
static struct real resolved;
static bool resolving;

/* The next malloc after the hook, and whether it is not the C library's. */
static const void *malloc_code;
static bool malloc_is_replaced;

/* One of its functions that callers may reach without the hooks. */
static const char *called_past;

/* One of the C library's that callers may find without the hooks. */
static const char *found_directly;

/* free and realloc of a block from the arena: only if there are such blocks. */
static void free_any(void *block)
{
    if (!in_arena(block)) {
        resolved.free(block);
    }
}

static void *realloc_any(void *block, size_t bytes)
{
    if (!in_arena(block)) {
        return resolved.realloc(block, bytes);
    }
    void *moved = resolved.malloc(bytes);
    if (moved != NULL) {
        size_t old_bytes;
        memcpy(&old_bytes, (unsigned char *)block - ALIGNMENT, sizeof old_bytes);
        memcpy(moved, block, old_bytes < bytes ? old_bytes : bytes);
    }
    return moved;
}

static void *early_malloc(size_t bytes)
{
    real_resolve();
    return resolving ? arena_take(bytes) : resolved.malloc(bytes);
}

static void *early_calloc(size_t count, size_t bytes)
{
    real_resolve();
    if (!resolving) {
        return resolved.calloc(count, bytes);
    }
    return bytes != 0 && count > ARENA_BYTES / bytes ? NULL : arena_take(count * bytes);
}

static void *early_realloc(void *block, size_t bytes)
{
    real_resolve();
    if (!resolving) {
        return realloc_any(block, bytes);
    }
    void *moved = arena_take(bytes);
    if (moved != NULL && block != NULL) {
        size_t old_bytes;
        memcpy(&old_bytes, (unsigned char *)block - ALIGNMENT, sizeof old_bytes);
        memcpy(moved, block, old_bytes < bytes ? old_bytes : bytes);
    }
    return moved;
}

static void early_free(void *block)
{
    real_resolve();
    if (!resolving && !in_arena(block)) {
        resolved.free(block);
    }
}

static int early_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    real_resolve();
    return resolving ? ENOMEM : resolved.posix_memalign(block, alignment, bytes);
}

static void *early_aligned_alloc(size_t alignment, size_t bytes)
{
    real_resolve();
    return resolving ? NULL : resolved.aligned_alloc(alignment, bytes);
}

static void *early_memalign(size_t alignment, size_t bytes)
{
    real_resolve();
    return resolving ? NULL : resolved.memalign(alignment, bytes);
}

static void *early_valloc(size_t bytes)
{
    real_resolve();
    return resolving ? NULL : resolved.valloc(bytes);
}

/* Not every C library has this one: a program that finds the hook by its name gets no memory. */
static void *early_pvalloc(size_t bytes)
{
    real_resolve();
    if (resolving || resolved.pvalloc == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return resolved.pvalloc(bytes);
}

static void *early_sbrk(intptr_t change)
{
    real_resolve();
    if (!resolving) {
        return resolved.sbrk(change);
    }
    errno = ENOMEM;
    return (void *)-1; /* like the C library */
}

static int early_brk(void *end)
{
    real_resolve();
    if (!resolving) {
        return resolved.brk(end);
    }
    errno = ENOMEM;
    return -1;
}

static int early_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                                void *argument)
{
    real_resolve();
    return resolving ? EAGAIN : resolved.pthread_create(thread, attributes, function, argument);
}

/* Nor this one. */
static int early_thrd_create(pthread_t *thread, thrd_start_t function, void *argument)
{
    real_resolve();
    return resolving || resolved.thrd_create == NULL ? THREAD_NO_MEMORY
                                                     : resolved.thrd_create(thread, function, argument);
}

static int early_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    real_resolve();
    if (!resolving) {
        return resolved.sigaction(signal, action, old);
    }
    errno = EAGAIN;
    return -1;
}

static sighandler_t early_signal(int number, sighandler_t handler)
{
    real_resolve();
    if (!resolving) {
        return resolved.signal(number, handler);
    }
    errno = EAGAIN;
    return SIG_ERR;
}

static int early_siginterrupt(int number, int yes)
{
    real_resolve();
    if (!resolving) {
        return resolved.siginterrupt(number, yes);
    }
    errno = EAGAIN;
    return -1;
}

static sighandler_t early_sigset(int number, sighandler_t handler)
{
    real_resolve();
    if (!resolving) {
        return resolved.sigset(number, handler);
    }
    errno = EAGAIN;
    return SIG_ERR;
}

/* Nor this one. */
static sighandler_t early___sysv_signal(int number, sighandler_t handler)
{
    real_resolve();
    if (!resolving && resolved.__sysv_signal != NULL) {
        return resolved.__sysv_signal(number, handler);
    }
    errno = EAGAIN;
    return SIG_ERR;
}

struct real real = {
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(.name = early_##name, )
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
};

void real_resolve(void)
{
    static bool done;
    if (done || resolving) {
        return;
    }
    resolving = true;
    void *found;
#define RESOLVE(name)                    \
    found = platform_next_symbol(#name); \
    memcpy(&resolved.name, &found, sizeof found); /* an object pointer is no function pointer to ISO C */
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(RESOLVE(name))
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
#undef RESOLVE
    struct real ready = resolved;
#define KEEP_STAND_IN(name)                                     \
    if (ready.name == NULL) {                                   \
        ready.name = early_##name; /* the C library has none */ \
    }
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(KEEP_STAND_IN(name))
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
#undef KEEP_STAND_IN
    if (arena_used != 0) {
        ready.free = free_any;
        ready.realloc = realloc_any;
    }
    malloc_code = platform_next_symbol("malloc");
    malloc_is_replaced = !platform_same_file(malloc_code, platform_next_symbol("syscall"));
    inner_calls_hide(&ready, malloc_is_replaced);
    real = ready;
    done = true;
    resolving = false;
}

void real_settle(bool records)
{
    linux_syscall_settle();
    linux_operators_settle();
    called_past = linux_own_functions_settle();
    exec_hooks_settle();
    shell_hooks_settle();
    wait_hooks_settle();
    namespace_hooks_settle();
    if (records && !platform_is_privileged() &&
        mmap_hooks_are_called()) { /* else the library is not in front, and may leave */
        found_directly = linux_c_library_settle();
    }
}

void real_note_called_past(void)
{
    if (called_past != NULL) {
        linux_own_functions_missed(called_past);
    }
}

bool real_malloc_is_replaced(void)
{
    return malloc_is_replaced;
}

const void *real_malloc_code(void)
{
    return malloc_code;
}

/* The block table needs blocks 16 bytes apart, and all but the C library's place smaller ones closer. Not where blocks
 * may be freed, with the requested size, without the hooks: then the size must be the one that the allocator knows. */
size_t real_enough(size_t bytes)
{
    return malloc_is_replaced && called_past == NULL && bytes < ALIGNMENT ? ALIGNMENT : bytes;
}

static _Thread_local bool reached;
static void *(*behind)(size_t bytes);

static void *noting_malloc(size_t bytes)
{
    reached = true;
    return behind(bytes);
}

/* By calling it: an executable at a fixed address has its own entry for each function that it uses, which may lead to
 * the hook. */
static bool is_behind_ours(const void **leads_to)
{
    void *(*take)(size_t bytes);
    void (*give)(void *block);
    void *take_code = platform_symbol("malloc");
    void *give_code = platform_symbol("free");
    *leads_to = take_code;
    if (take_code == NULL || give_code == NULL) {
        return false;
    }
    memcpy(&take, &take_code, sizeof take);
    memcpy(&give, &give_code, sizeof give);
    behind = real.malloc;
    reached = false;
    real.malloc = noting_malloc;
    void *block = take(1);
    real.malloc = behind;
    give(block);
    return reached;
}

/* A malloc that is linked into the executable is found before the hook. One in Python's own library comes after it, but
 * the calls within that library may have been bound when it was linked. */
bool real_sees_every_block(const void **code)
{
    if (!is_behind_ours(code)) {
        return false;
    }
    *code = malloc_code;
    if (linux_c_library_twice() != NULL) {
        *code = linux_c_library_twice();
        return false;
    }
    if (found_directly != NULL) {
        return false;
    }
    return !malloc_is_replaced || !platform_same_file(malloc_code, platform_symbol("Py_GetVersion"));
}
