/* What the kernel and the C library report of this process's memory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fil_format.h"
#include "platform/platform.h"
#include "platform/posix.h"

#define STATUS_BYTES 4096

/* The bytes on the line that begins with `name`, which has them in KiB. */
static bool find_size(const char *text, const char *name, uint64_t *bytes)
{
    const char *line = strstr(text, name);
    if (line == NULL) {
        return false;
    }
    uint64_t value = 0;
    for (line += strlen(name); *line != 0 && *line != '\n'; line++) {
        if (*line >= '0' && *line <= '9') {
            value = value * 10 + (uint64_t)(*line - '0');
        }
    }
    *bytes = value * 1024;
    return true;
}

bool platform_resident(struct fil_rss_sample *reading)
{
    int kept = errno;
    char text[STATUS_BYTES];
    long length = -1;
    int descriptor = system_open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        length = syscall(SYS_read, descriptor, text, sizeof text - 1);
        system_close(descriptor);
    }
    text[length > 0 ? length : 0] = 0;
    uint64_t anonymous, file, shared;
    bool told = find_size(text, "\nRssAnon:", &anonymous) && find_size(text, "\nRssFile:", &file) &&
                find_size(text, "\nRssShmem:", &shared);
    if (told) {
        reading->anonymous_bytes = anonymous;
        reading->file_bytes = file;
        reading->shared_bytes = shared;
    }
    errno = kept;
    return told;
}

/* struct mallinfo2 of the GNU C library, from 2.33 on. */
struct allocator_facts {
    size_t arena, free_chunks, small_free_blocks, mapped_chunks, mapped_bytes, unused, small_free_bytes, used_bytes;
    size_t free_bytes;
    size_t releasable_bytes;
};

uint64_t platform_allocator_free(void)
{
    struct allocator_facts (*ask)(void) = NULL;
    void *found = platform_symbol("mallinfo2");
    memcpy(&ask, &found, sizeof ask);
    return ask == NULL ? UINT64_MAX : ask().free_bytes;
}
