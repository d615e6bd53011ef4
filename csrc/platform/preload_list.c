#include "platform/preload_list.h"

#include <string.h>

/* Cut every own entry out of `list`, with the separator after it, in place. The rest does not change. */
static bool cut_from_list(char *list, const char *separators, is_own_entry *is_own, const void *context)
{
    bool found = false;
    char *write_at = list;
    for (const char *read_at = list; *read_at != '\0';) {
        size_t length = strcspn(read_at, separators);
        bool ours = is_own(context, read_at, length);
        length += read_at[length] != '\0';
        if (!ours) {
            memmove(write_at, read_at, length);
            write_at += length;
        }
        found = found || ours;
        read_at += length;
    }
    *write_at = '\0';
    return found;
}

bool preload_list_leave(char **environment, const char *variable, const char *separators, is_own_entry *is_own,
                        const void *context)
{
    size_t name = strlen(variable);
    for (char **entry = environment; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, variable, name) != 0) {
            continue;
        }
        char *list = *entry + name;
        bool found = cut_from_list(list, separators, is_own, context);
        if (*list == '\0') { /* nothing left: remove the variable too */
            for (char **move = entry; *move != NULL; move++) {
                move[0] = move[1];
            }
        }
        return found;
    }
    return false;
}
