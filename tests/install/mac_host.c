/* Runs the macOS library in a Linux process on the same processor: its code is the same, and it does nothing but call
 * functions of libSystem. So this library, which is preloaded in its place, maps the file, leads its calls to what
 * Linux has (numbers and structures are translated: mac_calls.c), and does what the dynamic linker of macOS does with
 * the pairs: other libraries' calls go to the hooks. What the file says is in mac_image.h, which mac_host.py generates
 * from it.
 *
 * This shows that the code works as far as it depends on itself. It shows nothing of how macOS behaves. */
#include "mac_host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct segment {
    uint64_t at, bytes, file_at, file_bytes;
};

#include "mac_image.h" /* segments, rebases, MAC_BINDS, pairs, exports, initializers, image_bytes */

#define SHOWN __attribute__((visibility("default")))

struct mac_library mac;

/* What others call: the hook, as soon as there is one. */

static void *hooks[sizeof pairs / sizeof *pairs];
static bool ready;

#define HOOK_OF(name, type) ((type)hooks[PAIR_##name])

SHOWN void *malloc(size_t bytes)
{
    return ready ? HOOK_OF(malloc, void *(*)(size_t))(bytes) : __libc_malloc(bytes);
}

SHOWN void *calloc(size_t count, size_t bytes)
{
    return ready ? HOOK_OF(calloc, void *(*)(size_t, size_t))(count, bytes) : __libc_calloc(count, bytes);
}

SHOWN void *realloc(void *block, size_t bytes)
{
    return ready ? HOOK_OF(realloc, void *(*)(void *, size_t))(block, bytes) : __libc_realloc(block, bytes);
}

SHOWN void free(void *block)
{
    if (ready) {
        HOOK_OF(free, void (*)(void *))(block);
    } else {
        __libc_free(block);
    }
}

SHOWN int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    return ready ? HOOK_OF(posix_memalign, int (*)(void **, size_t, size_t))(block, alignment, bytes)
                 : mac_posix_memalign(block, alignment, bytes);
}

SHOWN void *aligned_alloc(size_t alignment, size_t bytes)
{
    return ready ? HOOK_OF(aligned_alloc, void *(*)(size_t, size_t))(alignment, bytes)
                 : __libc_memalign(alignment, bytes);
}

SHOWN void *valloc(size_t bytes)
{
    return ready ? HOOK_OF(valloc, void *(*)(size_t))(bytes) : __libc_memalign(4096, bytes);
}

/* Not on macOS, but here a program may find it. */
SHOWN void *memalign(size_t alignment, size_t bytes)
{
    return aligned_alloc(alignment, bytes);
}

SHOWN void *mmap(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
    int theirs = (flags & 0xf) | ((flags & MAP_FIXED) != 0 ? MAC_MAP_FIXED : 0) |
                 ((flags & MAP_ANONYMOUS) != 0 ? MAC_MAP_ANON : 0);
    return ready ? HOOK_OF(mmap, void *(*)(void *, size_t, int, int, int, off_t))(address, bytes, protection, theirs,
                                                                                  descriptor, offset)
                 : (void *)syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
}

SHOWN int munmap(void *address, size_t bytes)
{
    return ready ? HOOK_OF(munmap, int (*)(void *, size_t))(address, bytes) : mac_munmap(address, bytes);
}

SHOWN int mprotect(void *address, size_t bytes, int protection)
{
    return ready ? HOOK_OF(mprotect, int (*)(void *, size_t, int))(address, bytes, protection)
                 : mac_mprotect(address, bytes, protection);
}

SHOWN int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument)
{
    return ready ? HOOK_OF(pthread_create, int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))(
                       thread, attributes, function, argument)
                 : mac_create(thread, attributes, function, argument);
}

/* What Python looks up by name: a jump to where it is. */
static uint64_t export_at[sizeof exports / sizeof *exports] __attribute__((used));
#ifdef __aarch64__
#    define MAC_JUMP(name, place)                                                                        \
        __asm__(".globl " #name "\n.type " #name ", %function\n" #name ":\n adrp x16, export_at+" #place \
                "\n ldr x16, [x16, :lo12:export_at+" #place "]\n br x16\n");
#else
#    define MAC_JUMP(name, place) \
        __asm__(".globl " #name "\n.type " #name ", @function\n" #name ": jmp *export_at+" #place "(%rip)\n");
#endif
MAC_EXPORTS

/* A function that the library calls and mac_calls.c has not: the program ends, and says which. */
static void missing(const char *name)
{
    static const char text[] = " is called, and is not in tests/install/mac_calls.c\n";
    if (write(STDERR_FILENO, name, strlen(name)) < 0 || write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        _exit(1);
    }
    abort();
}

#define MAC_BIND(number, name, place)  \
    static void missing_##number(void) \
    {                                  \
        missing(name);                 \
    }
MAC_BINDS
#undef MAC_BIND
#define MAC_BIND(number, name, place) {name, place, missing_##number},

/* What the library needs of others: where it keeps the address, and what stands there if nothing is known. */
static const struct {
    const char *name;
    uint64_t at;
    void (*missing)(void);
} binds[] = {MAC_BINDS};

__attribute__((constructor)) static void load(void)
{
    static const char variable[] = "DYLD_INSERT_LIBRARIES=";
    Dl_info own;
    if (dladdr((void *)&load, &own) == 0) {
        abort();
    }
    strcpy(mac.path, own.dli_fname);
    strcpy(strrchr(mac.path, '/') + 1, "libfil.dylib");
    strcpy(mac.preloaded, variable);
    strcat(mac.preloaded, mac.path);
    (void)unsetenv("LD_PRELOAD");
    mac.bytes = image_bytes;
    int descriptor = open(mac.path, O_RDONLY | O_CLOEXEC);
    char *image = mac.image = (char *)syscall(SYS_mmap, NULL, image_bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
        if (pread(descriptor, image + segments[i].at, segments[i].file_bytes, (off_t)segments[i].file_at) !=
            (ssize_t)segments[i].file_bytes) {
            abort();
        }
    }
    (void)close(descriptor);
    for (size_t i = 0; i < sizeof rebases / sizeof *rebases; i++) {
        *(uint64_t *)(void *)(image + rebases[i]) += (uint64_t)(uintptr_t)image;
    }
    for (size_t i = 0; i < sizeof binds / sizeof *binds; i++) {
        uint64_t function = mac_function(binds[i].name);
        *(uint64_t *)(void *)(image + binds[i].at) = function != 0 ? function : (uint64_t)(uintptr_t)binds[i].missing;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        hooks[i] = image + pairs[i].at;
    }
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        export_at[i] = (uint64_t)(uintptr_t)image + exports[i].at;
    }
    __builtin___clear_cache(image, image + image_bytes);
    for (size_t i = 0; i < sizeof initializers / sizeof *initializers; i++) {
        void (*initialize)(void) = (void (*)(void))(image + initializers[i]);
        initialize();
    }
    ready = true;
}
