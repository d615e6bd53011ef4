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

/* The table for symbol lookup: see "GNU hash" in the description of the format. */
struct hash_table {
    uint32_t bucket_count;
    uint32_t first;
    uint32_t bloom_words;
    uint32_t bloom_shift;
};

bool linux_symbols_of(const struct linux_file *file, struct linux_symbols *symbols)
{
    const struct hash_table *hash = (const struct hash_table *)linux_file_address(file, DT_GNU_HASH);
    symbols->symbol = (ElfW(Sym) *)linux_file_address(file, DT_SYMTAB);
    symbols->texts = (const char *)linux_file_address(file, DT_STRTAB);
    if (symbols->symbol == NULL || symbols->texts == NULL || hash == NULL) {
        return false;
    }
    const ElfW(Addr) *bloom = (const ElfW(Addr) *)(hash + 1);
    symbols->first = hash->first;
    symbols->bucket_count = hash->bucket_count;
    symbols->buckets = (const uint32_t *)(bloom + hash->bloom_words);
    symbols->chains = symbols->buckets + hash->bucket_count;
    return true;
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++) {
        hash = hash * 33 + (unsigned char)*name;
    }
    return hash;
}

ElfW(Sym) * linux_next_named(const struct linux_symbols *symbols, const char *name, const ElfW(Sym) * last)
{
    uint32_t hash = hash_of(name);
    uint32_t index = last != NULL                 ? (uint32_t)(last - symbols->symbol)
                     : symbols->bucket_count != 0 ? symbols->buckets[hash % symbols->bucket_count]
                                                  : 0;
    bool skip = last != NULL;
    for (uint32_t entry = 0; index >= symbols->first && (entry & 1) == 0; index++) {
        entry = symbols->chains[index - symbols->first]; /* its lowest bit: the last one of this chain */
        const char *found = symbols->texts + symbols->symbol[index].st_name;
        if (!skip && (entry | 1) == (hash | 1) && strcmp(found, name) == 0) {
            return &symbols->symbol[index];
        }
        skip = false;
    }
    return NULL;
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
    struct linux_symbols symbols;
    const ElfW(Sym) *symbol = linux_symbols_of(&file, &symbols) ? linux_next_named(&symbols, name, NULL) : NULL;
    bool withdrawn = symbol != NULL && symbol->st_shndx == SHN_UNDEF;
    return symbol == NULL || withdrawn ? 0 : file.base + symbol->st_value;
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
