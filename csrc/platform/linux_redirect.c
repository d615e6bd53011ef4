/* Changes what the dynamic linker finds in another file's symbol table. Not inside malloc. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/linux_files.h"
#include "platform/platform.h"

/* Redirect each symbol with this name to `to`. Returns whether there was one. */
static bool redirect(const struct linux_symbols *symbols, uintptr_t base,
                     const struct platform_redirection *redirection)
{
    ElfW(Sym) *symbol = NULL;
    bool found = false;
    while ((symbol = linux_next_named(symbols, redirection->name, symbol)) != NULL) {
        uintptr_t code = base + symbol->st_value;
        if (redirection->next != NULL) {
            memcpy(redirection->next, &code, sizeof code); /* before anyone is led away from it */
        }
        symbol->st_value = redirection->to - base; /* which the linker adds again */
        symbol->st_info = (unsigned char)(symbol->st_info & 0xf0) | STT_FUNC;
        found = true;
    }
    return found;
}

struct search {
    uintptr_t code;
    const struct platform_redirection *list;
    size_t count;
    struct linux_file file; /* the one that has the code */
    const char *bound;      /* the name of a function that another file has been bound to */
};

static struct linux_file file_of(const struct dl_phdr_info *info)
{
    struct linux_file file = {.base = info->dlpi_addr, .headers = info->dlpi_phdr, .header_count = info->dlpi_phnum};
    for (size_t i = 0; i < file.header_count; i++) {
        if (file.headers[i].p_type == PT_DYNAMIC) {
            file.dynamic = (const ElfW(Dyn) *)(file.base + file.headers[i].p_vaddr);
        }
    }
    return file;
}

static bool has_code(const struct linux_file *file, uintptr_t code)
{
    for (size_t i = 0; i < file->header_count; i++) {
        const ElfW(Phdr) *header = &file->headers[i];
        if (header->p_type == PT_LOAD && code - file->base - header->p_vaddr < header->p_memsz) {
            return true;
        }
    }
    return false;
}

static int look_for_code(struct dl_phdr_info *info, size_t bytes, void *context)
{
    struct search *search = context;
    struct linux_file file = file_of(info);
    (void)bytes;
    if (!has_code(&file, search->code)) {
        return 0;
    }
    search->file = file;
    return 1;
}

struct platform_extent platform_file_extent(const void *code)
{
    struct search search = {.code = (uintptr_t)code};
    struct platform_extent extent = {0, 0};
    if (dl_iterate_phdr(look_for_code, &search) == 0) {
        return extent;
    }
    extent.start = search.file.base;
    for (size_t i = 0; i < search.file.header_count; i++) {
        const ElfW(Phdr) *header = &search.file.headers[i];
        uintptr_t end = search.file.base + header->p_vaddr + header->p_memsz;
        extent.end = header->p_type == PT_LOAD && end > extent.end ? end : extent.end;
    }
    return extent;
}

size_t platform_symbol_bytes(const char *name, const void *address)
{
    struct search search = {.code = (uintptr_t)address};
    struct linux_symbols symbols;
    bool known = dl_iterate_phdr(look_for_code, &search) != 0 && search.file.dynamic != NULL &&
                 linux_symbols_of(&search.file, &symbols);
    const ElfW(Sym) *symbol = known ? linux_next_named(&symbols, name, NULL) : NULL;
    return symbol == NULL || search.file.base + symbol->st_value != (uintptr_t)address ? 0 : symbol->st_size;
}

static const char *one_that_is_wanted(const struct search *search, const struct linux_symbols *symbols)
{
    for (uint32_t index = 1; index < symbols->first; index++) {
        const ElfW(Sym) *symbol = &symbols->symbol[index];
        for (size_t i = 0; symbol->st_shndx == SHN_UNDEF && i < search->count; i++) {
            const struct platform_redirection *each = &search->list[i];
            if (each->exists && strcmp(symbols->texts + symbol->st_name, each->name) == 0) {
                return each->name;
            }
        }
    }
    return NULL;
}

static int look_for_callers(struct dl_phdr_info *info, size_t bytes, void *context)
{
    struct search *search = context;
    struct linux_file file = file_of(info);
    struct linux_symbols symbols;
    (void)bytes;
    if (!has_code(&file, search->code) && file.dynamic != NULL && linux_symbols_of(&file, &symbols)) {
        search->bound = one_that_is_wanted(search, &symbols);
    }
    return search->bound != NULL;
}

/* With the table's protection changed meanwhile. Returns the name of one that could not be redirected, or NULL. */
static const char *redirect_all(const struct search *search)
{
    const char *direct = NULL;
    struct linux_symbols symbols = {0};
    bool known = search->file.dynamic != NULL && linux_symbols_of(&search->file, &symbols);
    uintptr_t first = 0;
    size_t bytes = 0;
    int protection = 0;
    if (known) {
        uintptr_t table = (uintptr_t)symbols.symbol;
        uintptr_t texts = (uintptr_t)symbols.texts;
        first = table / platform_page_bytes() * platform_page_bytes();
        bytes = texts > table ? platform_whole_pages(texts - first) : 0; /* the texts follow the symbols */
        protection = linux_file_protection(&search->file, table);
        known = bytes != 0 && platform_mprotect((void *)first, bytes, protection | PROT_WRITE, PLATFORM_NO_KEY) == 0;
    }
    for (size_t i = 0; i < search->count; i++) {
        const struct platform_redirection *each = &search->list[i];
        if (each->exists && !(known && redirect(&symbols, search->file.base, each))) {
            direct = each->name;
        }
    }
    if (known) {
        (void)platform_mprotect((void *)first, bytes, protection, PLATFORM_NO_KEY);
    }
    return direct;
}

const char *platform_redirect(const void *code, const struct platform_redirection *list, size_t count)
{
    int kept = errno;
    struct search search = {.code = (uintptr_t)code, .list = list, .count = count};
    (void)dl_iterate_phdr(look_for_code, &search);
    const char *direct = redirect_all(&search);
    errno = kept;
    return direct;
}

const char *platform_bound(const void *code, const struct platform_redirection *list, size_t count)
{
    int kept = errno;
    struct search search = {.code = (uintptr_t)code, .list = list, .count = count};
    (void)dl_iterate_phdr(look_for_callers, &search);
    errno = kept;
    return search.bound;
}
