/* Files that the dynamic linker has loaded: what their headers contain. */
#ifndef FIL_LINUX_FILES_H
#define FIL_LINUX_FILES_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct linux_file {
    uintptr_t base;
    const ElfW(Phdr) * headers;
    size_t header_count;
    const ElfW(Dyn) * dynamic; /* its dynamic section */
};

/* The address in the dynamic section that has this tag; 0 if there is none. */
uintptr_t linux_file_address(const struct linux_file *file, ElfW(Sxword) tag);

/* The protection with which the piece that has `address` was mapped. */
int linux_file_protection(const struct linux_file *file, uintptr_t address);

#endif
