/* The list of libraries that the dynamic linker loads before a program's own: an environment variable. */
#ifndef FIL_PRELOAD_LIST_H
#define FIL_PRELOAD_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Is this entry of the list, `length` bytes long, the library's own? */
typedef bool is_own_entry(const void *context, const char *entry, size_t length);

/* Remove the library's own entries from `variable` ("NAME=") in `environment`, and the variable itself if it is then
 * empty. Returns false if there was none. Allocates nothing. */
bool preload_list_leave(char **environment, const char *variable, const char *separators, is_own_entry *is_own,
                        const void *context);

#endif
