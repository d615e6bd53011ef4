/* Which file a function is of, and which of our own names the dynamic linker finds. Not inside malloc. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/platform.h"

/* The linker makes both: our own file's dynamic section, and where the file begins in memory. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

bool platform_same_file(const void *one, const void *other)
{
    Dl_info first;
    Dl_info second;
    return one != NULL && other != NULL && dladdr(one, &first) != 0 && dladdr(other, &second) != 0 &&
           first.dli_fbase == second.dli_fbase;
}

/* An address in the dynamic section: some C libraries leave it as it is in the file. */
static uintptr_t dynamic_address(ElfW(Sxword) tag)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == tag) {
            return entry->d_un.d_ptr < base ? base + entry->d_un.d_ptr : entry->d_un.d_ptr;
        }
    }
    return 0;
}

/* With what protection the piece of our own file that has `address` was mapped. */
static int protection_at(uintptr_t address)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    const ElfW(Phdr) *header = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff);
    for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
        if (header[i].p_type == PT_LOAD && address - base - header[i].p_vaddr < header[i].p_memsz) {
            return ((header[i].p_flags & PF_R) != 0 ? PROT_READ : 0) |
                   ((header[i].p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                   ((header[i].p_flags & PF_X) != 0 ? PROT_EXEC : 0);
        }
    }
    return PROT_READ;
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
    uintptr_t symbols = dynamic_address(DT_SYMTAB);
    uintptr_t texts = dynamic_address(DT_STRTAB);
    if (symbols == 0 ||
        texts <= symbols) { /* the texts lie behind the symbols, which nothing else tells the number of */
        return false;
    }
    uintptr_t first = symbols / platform_page_bytes() * platform_page_bytes();
    size_t bytes = platform_whole_pages(texts - first);
    int protection = protection_at(symbols);
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
