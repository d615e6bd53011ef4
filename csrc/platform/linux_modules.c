/* Which file a piece of code was loaded from, without the dynamic linker, whose locks the caller may hold. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/platform.h"
#include "platform/posix.h"

/* Read a hexadecimal number; `*at` moves behind it. */
static uintptr_t read_number(const char **at)
{
    uintptr_t number = 0;
    for (;; *at += 1) {
        char digit = **at;
        if (digit >= '0' && digit <= '9') {
            number = number << 4 | (uintptr_t)(digit - '0');
        } else if (digit >= 'a' && digit <= 'f') {
            number = number << 4 | (uintptr_t)(digit - 'a' + 10);
        } else {
            return number;
        }
    }
}

/* A line "START-END rights offset device inode PATH", ended by a 0. True if `address` is in it. */
static bool understand(const char *line, uintptr_t address, struct platform_module *module)
{
    module->start = read_number(&line);
    line += *line == '-';
    module->end = read_number(&line);
    if (address < module->start || address >= module->end) {
        return false;
    }
    const char *path = strchr(line, '/');
    size_t length = path == NULL ? 0 : strlen(path);
    if (length >= sizeof module->path) {
        length = 0;
    }
    if (length != 0) {
        memcpy(module->path, path, length);
    }
    module->path_bytes = (uint32_t)length;
    return true;
}

/* Process the whole lines at the front of the buffer; the rest moves there. Returns true if one has the address. */
static bool take_lines(char *buffer, size_t *used, uintptr_t address, struct platform_module *module)
{
    char *line = buffer;
    for (char *end; (end = memchr(line, '\n', *used - (size_t)(line - buffer))) != NULL; line = end + 1) {
        *end = '\0';
        if (understand(line, address, module)) {
            return true;
        }
    }
    *used -= (size_t)(line - buffer);
    memmove(buffer, line, *used);
    return false;
}

bool platform_module_at(uintptr_t address, struct platform_module *module)
{
    int kept = errno;
    char *buffer = module->scratch;
    size_t used = 0;
    bool found = false;
    int descriptor = system_open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (descriptor >= 0 && !found && used < sizeof module->scratch) {
        long got = syscall(SYS_read, descriptor, buffer + used, sizeof module->scratch - used);
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
        found = take_lines(buffer, &used, address, module);
    }
    if (descriptor >= 0) {
        system_close(descriptor);
    }
    errno = kept;
    return found && module->path_bytes != 0;
}
