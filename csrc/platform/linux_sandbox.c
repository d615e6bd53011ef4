/* A program that sandboxes itself forbids system calls, the library's too, and may be killed for a forbidden one. So
 * its filters are read when they are installed: each is a small program, which is run here for each of the library's
 * calls. A filter that is installed without the C library, by the program's own instruction, is not seen; but it mostly
 * needs PR_SET_NO_NEW_PRIVS, and from then on, until a filter is seen, the library makes only calls that the program
 * may need itself. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/linux_sandbox.h"
#include "platform/platform.h"
#include "platform/posix.h"

/* The numbers of <linux/prctl.h>, <linux/seccomp.h> and <linux/audit.h>; the headers of the oldest C library that the
 * code is compiled with do not have all of them. */
enum { SET_SECCOMP = 22, SET_NO_NEW_PRIVILEGES = 38 };
enum { MODE_FILTER = 2 };
enum { SECCOMP_STRICT = 0, SECCOMP_FILTER = 1, SECCOMP_WITH_LISTENER = 8 };
#define ANSWER_ALLOW 0x7fff0000u
#define ANSWER_LOG 0x7ffc0000u
#define ANSWER_ACTION 0xffff0000u
#ifdef __x86_64__
#    define ARCHITECTURE 0xc000003eu
#else
#    define ARCHITECTURE 0xc00000b7u
#endif
#ifndef SYS_memfd_create
#    ifdef __x86_64__
#        define SYS_memfd_create 319
#    else
#        define SYS_memfd_create 279
#    endif
#endif

/* One step of a filter, and a filter: <linux/filter.h>. */
struct step {
    uint16_t code;
    uint8_t if_true;
    uint8_t if_false;
    uint32_t value;
};

struct filter {
    uint16_t count;
    const struct step *steps;
};

/* What a filter sees of a call: struct seccomp_data. */
struct call {
    int32_t number;
    uint32_t architecture;
    uint64_t from;
    uint64_t arguments[6];
};

#define DEED(deed) (1u << (deed))
#define ALL_DEEDS (DEED(SYSTEM_DEEDS) - 1)
/* A program that maps a file first calls fstat on it, and memory is what it requests. */
#define SUSPECTED_DEEDS (DEED(SYSTEM_TELLS_FILES) | DEED(SYSTEM_MAPS_MEMORY) | DEED(SYSTEM_UNMAPS_MEMORY))

#define PRIVATE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#define NO_DESCRIPTOR 0xffffffffu

/* The library's system calls. A filter mostly reads the number alone. */
static const struct {
    uint32_t deeds; /* which need it */
    struct call call;
} calls[] = {
    {DEED(SYSTEM_OPENS), {SYS_openat, ARCHITECTURE, 0, {(uint32_t)AT_FDCWD, 1, O_RDONLY | O_CLOEXEC}}},
    {DEED(SYSTEM_OPENS), {SYS_read, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_OPENS), {SYS_close, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_GROWS_FILES), {SYS_fallocate, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_GROWS_FILES), {SYS_mmap, ARCHITECTURE, 0, {0, 1 << 17, PROT_READ | PROT_WRITE, MAP_SHARED}}},
    {DEED(SYSTEM_GROWS_FILES) | DEED(SYSTEM_WRITES_FILES), {SYS_prlimit64, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_WRITES_FILES), {SYS_pwrite64, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_GROWS_FILES) | DEED(SYSTEM_WRITES_FILES) | DEED(SYSTEM_TELLS_FILES),
     {SYS_fstat, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_TELLS_PATHS), {SYS_readlinkat, ARCHITECTURE, 0, {(uint32_t)AT_FDCWD}}},
    {DEED(SYSTEM_TELLS_PATHS), {SYS_newfstatat, ARCHITECTURE, 0, {(uint32_t)AT_FDCWD}}},
    {DEED(SYSTEM_TELLS_SEGMENTS), {SYS_shmctl, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_MAPS_MEMORY),
     {SYS_mmap, ARCHITECTURE, 0, {0, 1 << 22, PROT_READ | PROT_WRITE, PRIVATE_FLAGS, NO_DESCRIPTOR}}},
    {DEED(SYSTEM_UNMAPS_MEMORY), {SYS_munmap, ARCHITECTURE, 0, {0}}},
    {DEED(SYSTEM_ADVISES), {SYS_madvise, ARCHITECTURE, 0, {0}}},
};

static uint32_t allowed = ALL_DEEDS;
static bool filtered;           /* a filter was seen */
static dev_t memory_devices[2]; /* of memfd, and of POSIX shared memory: 0 if unknown */

bool system_allows(enum system_deed deed)
{
    return (__atomic_load_n(&allowed, __ATOMIC_RELAXED) & DEED(deed)) != 0;
}

static uint32_t calculate(uint16_t code, uint32_t left, uint32_t right)
{
    switch (code & 0xf0) {
    case 0x00:
        return left + right;
    case 0x10:
        return left - right;
    case 0x20:
        return left * right;
    case 0x30:
        return left / right;
    case 0x40:
        return left | right;
    case 0x50:
        return left & right;
    case 0x60:
        return left << right % 32;
    case 0x70:
        return left >> right % 32;
    case 0x80:
        return 0u - left;
    default:
        return left ^ right;
    }
}

static bool compare(uint16_t code, uint32_t left, uint32_t right)
{
    switch (code & 0xf0) {
    case 0x10:
        return left == right;
    case 0x20:
        return left > right;
    case 0x30:
        return left >= right;
    default:
        return (left & right) != 0;
    }
}

/* The result of a filter that the kernel has accepted: it jumps forward only, and to its own steps. */
static uint32_t answer(const struct filter *filter, const struct call *call)
{
    uint32_t a = 0, x = 0, memory[16] = {0};
    for (uint32_t at = 0; at < filter->count; at++) {
        const struct step *step = &filter->steps[at];
        uint32_t operand = (step->code & 8) != 0 ? x : step->value;
        switch (step->code & 7) {
        case 0:   /* load into A: a constant, a word of the call, of the memory, or the length of the call's
                   * description */
        case 1: { /* load into X */
            uint32_t loaded = step->value;
            if ((step->code & 0xe0) == 0x20) {
                memcpy(&loaded, (const char *)call + step->value % sizeof *call, sizeof loaded);
            } else if ((step->code & 0xe0) == 0x60) {
                loaded = memory[step->value % 16];
            } else if ((step->code & 0xe0) == 0x80) {
                loaded = sizeof *call;
            }
            *((step->code & 7) == 0 ? &a : &x) = loaded;
            break;
        }
        case 2:
            memory[step->value % 16] = a;
            break;
        case 3:
            memory[step->value % 16] = x;
            break;
        case 4:
            if ((step->code & 0xf0) == 0x30 && operand == 0) {
                return 0; /* the kernel ends there too */
            }
            a = calculate(step->code, a, operand);
            break;
        case 5:
            if ((step->code & 0xf0) == 0) {
                at += step->value;
            } else {
                at += compare(step->code, a, operand) ? step->if_true : step->if_false;
            }
            break;
        case 6:
            return (step->code & 0x18) == 0x10 ? a : step->value;
        default:
            *((step->code & 0x80) != 0 ? &a : &x) = (step->code & 0x80) != 0 ? x : a;
            break;
        }
    }
    return 0;
}

static uint32_t allowed_by(const struct filter *filter)
{
    uint32_t deeds = ALL_DEEDS;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        uint32_t action = answer(filter, &calls[i].call) & ANSWER_ACTION;
        if (action != ANSWER_ALLOW && action != ANSWER_LOG) {
            deeds &= ~calls[i].deeds;
        }
    }
    return deeds;
}

bool platform_shuts_in(long number, const unsigned long *arguments)
{
    unsigned what = (unsigned)arguments[0];
    return number == SYS_prctl ? what == SET_SECCOMP || what == SET_NO_NEW_PRIVILEGES
                               : number == LINUX_SYS_SECCOMP && (what == SECCOMP_STRICT || what == SECCOMP_FILTER);
}

void platform_learn_devices(void)
{
    struct stat status;
    if (allowed != ALL_DEEDS || memory_devices[0] != 0) {
        return;
    }
    int kept = errno;
    int descriptor = (int)syscall(SYS_memfd_create, "", 1 /* MFD_CLOEXEC */);
    if (descriptor >= 0) {
        memory_devices[0] = system_status(descriptor, &status) ? status.st_dev : 0;
        system_close(descriptor);
    }
    struct stat above;
    bool own_device = syscall(SYS_newfstatat, AT_FDCWD, "/dev/shm", &status, 0) == 0 &&
                      syscall(SYS_newfstatat, AT_FDCWD, "/dev", &above, 0) == 0 && status.st_dev != above.st_dev;
    memory_devices[1] = own_device ? status.st_dev : 0;
    errno = kept;
}

bool linux_sandbox_is_memory(dev_t device)
{
    return device != 0 && (device == memory_devices[0] || device == memory_devices[1]);
}

/* Which of the library's calls are allowed after such a call has succeeded. */
static uint32_t allowed_after(long number, const unsigned long *arguments)
{
    unsigned what = (unsigned)arguments[0], mode = (unsigned)arguments[1];
    if (number == SYS_prctl && what == SET_NO_NEW_PRIVILEGES) {
        return filtered ? allowed : SUSPECTED_DEEDS;
    }
    uint32_t before = filtered ? allowed : ALL_DEEDS;
    filtered = true;
    bool by_filter = number == SYS_prctl ? mode == MODE_FILTER : what == SECCOMP_FILTER;
    return by_filter ? before & allowed_by((const struct filter *)arguments[2])
                     : 0; /* the strict mode: not even memory */
}

long platform_shut_in(long number, const unsigned long *arguments)
{
    long status = platform_call(number, arguments);
    bool listens =
        number == LINUX_SYS_SECCOMP && (arguments[1] & SECCOMP_WITH_LISTENER) != 0; /* then it returns a descriptor */
    if (status == 0 || (listens && status > 0)) {
        __atomic_store_n(&allowed, allowed_after(number, arguments), __ATOMIC_RELAXED);
    }
    return status;
}

bool platform_replace_mapping(void *start, size_t bytes)
{
    return platform_mmap(start, bytes, PROT_READ | PROT_WRITE, PRIVATE_FLAGS | MAP_FIXED, -1, 0) != MAP_FAILED;
}
