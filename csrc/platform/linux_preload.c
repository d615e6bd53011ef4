/* Leaving the list of libraries that the dynamic linker preloads. */
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "platform/platform.h"

extern char **environ;

static bool is_separator(char c)
{
    return c == ':' || c == ' ';
}

/* Cut every mention of `own` out of `list`, with the separator after it, in place. The rest stays to the letter. */
static void cut_from_list(char *list, const char *own)
{
    size_t own_length = strlen(own);
    char *write_at = list;
    for (const char *read_at = list; *read_at != '\0';) {
        const char *end = read_at;
        while (*end != '\0' && !is_separator(*end)) {
            end++;
        }
        size_t length = (size_t)(end - read_at);
        bool ours = length == own_length && memcmp(read_at, own, length) == 0;
        if (*end != '\0') {
            end++;
        }
        if (!ours) {
            memmove(write_at, read_at, (size_t)(end - read_at));
            write_at += end - read_at;
        }
        read_at = end;
    }
    *write_at = '\0';
}

void platform_leave_preload_list(const void *own_symbol)
{
    static const char variable[] = "LD_PRELOAD=";
    Dl_info own;
    if (environ == NULL || dladdr(own_symbol, &own) == 0 || own.dli_fname == NULL) {
        return;
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        if (strncmp(*entry, variable, sizeof variable - 1) != 0) {
            continue;
        }
        char *list = *entry + sizeof variable - 1;
        cut_from_list(list, own.dli_fname);
        if (*list == '\0') { /* nothing left: the variable goes too */
            for (char **move = entry; *move != NULL; move++) {
                move[0] = move[1];
            }
        }
        return;
    }
}
