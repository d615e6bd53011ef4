/* Files that the dynamic linker has loaded: what their headers contain. */
#ifndef FIL_LINUX_FILES_H
#define FIL_LINUX_FILES_H

#include <link.h>
#include <stdbool.h>
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

/* The table of symbols of a file. */
struct linux_symbols {
    ElfW(Sym) * symbol;
    const char *texts;
    uint32_t first; /* symbols before this one cannot be looked up: undefined ones, among others */
    uint32_t bucket_count;
    const uint32_t *buckets;
    const uint32_t *chains;
};

/* Returns false if the file has none that can be used. */
bool linux_symbols_of(const struct linux_file *file, struct linux_symbols *symbols);

/* The first symbol with this name, or the next one after `last` with the same name; NULL if there is none. */
ElfW(Sym) * linux_next_named(const struct linux_symbols *symbols, const char *name, const ElfW(Sym) * last);

/* The protection with which the piece that has `address` was mapped. */
int linux_file_protection(const struct linux_file *file, uintptr_t address);

#endif
