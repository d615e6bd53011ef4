/* Which file a function is in, and which of the library's own names the dynamic linker finds. Not inside malloc. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/linux_files.h"
#include "platform/platform.h"

/* The linker defines both: this file's own dynamic section, and its start in memory. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

bool platform_same_file(const void *one, const void *other)
{
    Dl_info first;
    Dl_info second;
    return one != NULL && other != NULL && dladdr(one, &first) != 0 && dladdr(other, &second) != 0 &&
           first.dli_fbase == second.dli_fbase;
}

/* Some C libraries leave it unrelocated. */
uintptr_t linux_file_address(const struct linux_file *file, ElfW(Sxword) tag)
{
    uintptr_t base = file->base;
    for (const ElfW(Dyn) *entry = file->dynamic; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == tag) {
            return entry->d_un.d_ptr < base ? base + entry->d_un.d_ptr : entry->d_un.d_ptr;
        }
    }
    return 0;
}

int linux_file_protection(const struct linux_file *file, uintptr_t address)
{
    const ElfW(Phdr) *header = file->headers;
    for (size_t i = 0; i < file->header_count; i++) {
        if (header[i].p_type == PT_LOAD && address - file->base - header[i].p_vaddr < header[i].p_memsz) {
            return ((header[i].p_flags & PF_R) != 0 ? PROT_READ : 0) |
                   ((header[i].p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                   ((header[i].p_flags & PF_X) != 0 ? PROT_EXEC : 0);
        }
    }
    return PROT_READ;
}

static struct linux_file own_file(void)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    return (struct linux_file){.base = base,
                               .headers = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff),
                               .header_count = __ehdr_start.e_phnum,
                               .dynamic = _DYNAMIC};
}

uintptr_t platform_own_function(const char *name)
{
    const struct linux_file file = own_file();
    uintptr_t symbols = linux_file_address(&file, DT_SYMTAB);
    uintptr_t texts = linux_file_address(&file, DT_STRTAB); /* they follow the symbols */
    for (const ElfW(Sym) *symbol = (const ElfW(Sym) *)symbols; (uintptr_t)(symbol + 1) <= texts; symbol++) {
        if (symbol->st_shndx != SHN_UNDEF && strcmp((const char *)texts + symbol->st_name, name) == 0) {
            return file.base + symbol->st_value;
        }
    }
    return 0;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool platform_withdraw(const char *const *names, size_t count)
{
    int kept = errno;
    const struct linux_file file = own_file();
    uintptr_t symbols = linux_file_address(&file, DT_SYMTAB);
    uintptr_t texts = linux_file_address(&file, DT_STRTAB);
    if (symbols == 0 || texts <= symbols) { /* the texts follow the symbols, whose number is stored nowhere else */
        return false;
    }
    uintptr_t first = symbols / platform_page_bytes() * platform_page_bytes();
    size_t bytes = platform_whole_pages(texts - first);
    int protection = linux_file_protection(&file, symbols);
    size_t found = 0;
    if (platform_mprotect((void *)first, bytes, protection | PROT_WRITE, PLATFORM_NO_KEY) == 0) {
        for (ElfW(Sym) *symbol = (ElfW(Sym) *)symbols; (uintptr_t)(symbol + 1) <= texts && found < count; symbol++) {
            if (symbol->st_shndx != SHN_UNDEF && is_one_of((const char *)texts + symbol->st_name, names, count)) {
                symbol->st_shndx = SHN_UNDEF;
                symbol->st_value = 0;
                found += 1;
            }
        }
        (void)platform_mprotect((void *)first, bytes, protection, PLATFORM_NO_KEY);
    }
    errno = kept;
    return found == count;
}
