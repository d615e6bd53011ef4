/* What kind of program a file is: read before it is executed, perhaps in the child of a vfork, so with system calls and
 * the stack alone. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "platform/platform.h"
#include "platform/posix.h"

#define MOST_SCRIPTS 5 /* whose interpreter is a script again; the kernel follows as many */
#define BEGINS_BYTES 4096
#define LINKER_BYTES 256

static char own_linker[LINKER_BYTES]; /* the dynamic linker that serves this process */

void platform_learn_linker(void)
{
    const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
    size_t count = headers == NULL ? 0 : getauxval(AT_PHNUM);
    uintptr_t base = 0;
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type == PT_PHDR) {
            base = (uintptr_t)headers - headers[i].p_vaddr;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type == PT_INTERP && headers[i].p_filesz <= sizeof own_linker) {
            memcpy(own_linker, (const void *)(base + headers[i].p_vaddr), headers[i].p_filesz);
        }
    }
}

/* Does the dynamic linker that the program at `descriptor` names load our library? */
static enum platform_program program_of_elf(int descriptor, const unsigned char *begins, size_t bytes)
{
    const ElfW(Ehdr) *own = (const void *)getauxval(AT_SYSINFO_EHDR); /* the kernel's own, of our class and machine */
    ElfW(Ehdr) header;
    memcpy(&header, begins, sizeof header);
    if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        (own != NULL && header.e_machine != own->e_machine)) {
        return PROGRAM_CANNOT_LOAD_US;
    }
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) part;
        char linker[LINKER_BYTES] = "";
        size_t at = header.e_phoff + i * sizeof part;
        if (at + sizeof part > bytes) {
            break;
        }
        memcpy(&part, begins + at, sizeof part);
        if (part.p_type == PT_INTERP) {
            bool fits = part.p_filesz < sizeof linker &&
                        pread(descriptor, linker, part.p_filesz, (off_t)part.p_offset) == (ssize_t)part.p_filesz;
            return fits && strcmp(linker, own_linker) == 0 ? PROGRAM_LOADS_US : PROGRAM_CANNOT_LOAD_US;
        }
    }
    return PROGRAM_UNKNOWN; /* a static one: nothing is loaded, but it may start others */
}

/* The interpreter that a script's first line names, or "". */
static void interpreter_of(const unsigned char *begins, size_t bytes, char *path)
{
    size_t from = 2;
    size_t to = 0;
    while (from < bytes && (begins[from] == ' ' || begins[from] == '\t')) {
        from++;
    }
    while (from < bytes && to + 1 < PATH_MAX && strchr(" \t\r\n", begins[from]) == NULL) {
        path[to++] = (char)begins[from++];
    }
    path[to] = '\0';
}

enum platform_program platform_program_at(const char *path)
{
    char interpreter[PATH_MAX];
    int kept = errno;
    enum platform_program found = PROGRAM_UNKNOWN;
    for (int depth = 0; depth < MOST_SCRIPTS && path != NULL && system_allows(SYSTEM_OPENS); depth++) {
        unsigned char begins[BEGINS_BYTES];
        int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        ssize_t got = descriptor < 0 ? -1 : pread(descriptor, begins, sizeof begins, 0);
        path = NULL;
        if (got >= (ssize_t)sizeof(ElfW(Ehdr)) && memcmp(begins, ELFMAG, SELFMAG) == 0) {
            found = program_of_elf(descriptor, begins, (size_t)got);
        } else if (got > 2 && begins[0] == '#' && begins[1] == '!') {
            interpreter_of(begins, (size_t)got, interpreter);
            path = interpreter;
        }
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    errno = kept;
    return found;
}

/* As exec finds a program: the first on PATH that can be executed. */
bool platform_search_program(const char *name, const char *list, char *path, size_t room)
{
    size_t length = strlen(name);
    if (strchr(name, '/') != NULL) {
        if (length >= room) {
            return false;
        }
        memcpy(path, name, length + 1);
        return true;
    }
    for (const char *at = list == NULL ? "/bin:/usr/bin" : list; length != 0;) {
        size_t folder = strcspn(at, ":");
        if (folder + length + 2 <= room) {
            memcpy(path, at, folder);
            size_t end = folder;
            if (folder != 0) {
                path[end++] = '/';
            }
            memcpy(path + end, name, length + 1);
            if (access(path, X_OK) == 0) {
                return true;
            }
        }
        if (at[folder] == '\0') {
            break;
        }
        at += folder + 1;
    }
    return false;
}

bool platform_runs(const char *name)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    const char *base = strrchr(path, '/');
    return base != NULL && strncmp(base + 1, name, strlen(name)) == 0;
}

size_t platform_command_line(char *words, size_t room)
{
    return platform_read_beginning("/proc/self/cmdline", words, room);
}
