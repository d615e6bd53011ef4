/* The calls that map memory, what kind of memory a mapping is, and whose. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <limits.h>
#include <mach-o/loader.h>
#include <mach/mach.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "platform/macos.h"
#include "platform/platform.h"

void *platform_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    return mmap(address, bytes, protection, flags, descriptor, offset);
}

int platform_munmap(void *address, size_t bytes)
{
    return munmap(address, bytes);
}

int platform_mprotect(void *address, size_t bytes, int protection, int key)
{
    (void)key;
    return mprotect(address, bytes, protection);
}

/* The code of two system libraries: the one with malloc, and the one that creates threads. */
static struct {
    uintptr_t start;
    uintptr_t end;
} own_stock[2];

static void remember(size_t place, const void *function)
{
    Dl_info library;
    if (dladdr(function, &library) == 0 || library.dli_fbase == NULL) {
        return;
    }
    const struct mach_header_64 *header = library.dli_fbase;
    const char *at = (const char *)(header + 1);
    for (uint32_t i = 0; i < header->ncmds; i++) {
        const struct load_command *command = (const struct load_command *)(const void *)at;
        const struct segment_command_64 *segment = (const struct segment_command_64 *)(const void *)at;
        if (command->cmd == LC_SEGMENT_64 && strcmp(segment->segname, SEG_TEXT) == 0) {
            own_stock[place].start = (uintptr_t)header;
            own_stock[place].end = (uintptr_t)header + segment->vmsize;
            return;
        }
        at += command->cmdsize;
    }
}

void system_remember_c_library(void)
{
    remember(0, (const void *)(uintptr_t)malloc);
    remember(1, (const void *)(uintptr_t)pthread_create);
}

/* The system's libraries call each other through pointers that the dynamic linker changes too. */
bool platform_maps_for_itself(const void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    return (address >= own_stock[0].start && address < own_stock[0].end) ||
           (address >= own_stock[1].start && address < own_stock[1].end);
}

/* The result of fcntl. */
static int ask_path(int descriptor, char *path)
{
    int before = cancellation_off();
    int status = fcntl(descriptor, F_GETPATH, path);
    cancellation_back(before);
    return status;
}

uint32_t platform_file_path(int descriptor, uint8_t *path, size_t room)
{
    int kept = errno;
    uint32_t length = 0;
    if (room >= PATH_MAX && ask_path(descriptor, (char *)path) == 0) {
        length = (uint32_t)strlen((const char *)path);
    }
    errno = kept;
    return length;
}

bool platform_is_private(int flags)
{
    return (flags & MAP_PRIVATE) != 0;
}

/* A descriptor that can be mapped and has no file: POSIX shared memory. fcntl returns EBADF for it. */
static bool is_shared_memory(int flags, int descriptor)
{
    int kept = errno;
    char path[PATH_MAX];
    bool memory = !platform_is_private(flags) && ask_path(descriptor, path) != 0 && errno == EBADF;
    errno = kept;
    return memory;
}

void platform_learn_devices(void)
{
    /* no paths are needed */
}

bool platform_is_memory(int flags, int descriptor)
{
    return (flags & MAP_ANON) != 0 || is_shared_memory(flags, descriptor);
}

size_t platform_mapped_bytes(size_t bytes, int flags)
{
    (void)flags;
    return platform_whole_pages(bytes);
}

void *platform_shmat(int identifier, const void *address, int flags)
{
    return shmat(identifier, address, flags);
}

int platform_shmdt(const void *address)
{
    return shmdt(address);
}

size_t platform_shared_bytes(int identifier)
{
    int kept = errno;
    struct shmid_ds facts;
    size_t bytes = shmctl(identifier, IPC_STAT, &facts) == 0 ? platform_whole_pages(facts.shm_segsz) : 0;
    errno = kept;
    return bytes;
}

bool platform_is_usable(int protection)
{
    return protection != PROT_NONE;
}

/* From the kernel, not from the dynamic linker, whose locks the caller may hold. */
bool platform_module_at(uintptr_t address, struct platform_module *module)
{
    int kept = errno;
    vm_address_t start = address;
    vm_size_t bytes = 0;
    vm_region_basic_info_data_64_t facts;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object = MACH_PORT_NULL;
    int length = 0;
    if (vm_region_64(mach_task_self(), &start, &bytes, VM_REGION_BASIC_INFO_64, (vm_region_info_t)&facts, &count,
                     &object) == KERN_SUCCESS &&
        start <= address) {
        length = proc_regionfilename(getpid(), address, module->path, sizeof module->path);
    }
    module->start = start;
    module->end = start + bytes;
    module->path_bytes = length > 0 && (size_t)length < sizeof module->path ? (uint32_t)length : 0;
    errno = kept;
    return module->path_bytes != 0;
}
