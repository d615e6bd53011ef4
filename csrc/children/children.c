#include "children/children.h"

#include <string.h>

#define MOST_PATH 4096u
#define COMMAND_BYTES 16384u /* of a command line that are looked through: the script is near its beginning */
#define PRELOAD_VARIABLE "LD_PRELOAD="
#define EXTRA_PLACES 4u /* the variables, and the NULL at the end */
#define MOST_NAME 32u   /* of a recording */

static struct {
    char library[MOST_PATH];
    char folder[sizeof CHILDREN_VARIABLE + MOST_PATH]; /* the whole entry, "NAME=folder" */
    char started_by[CHILDREN_STARTER_BYTES];
    char recording[MOST_NAME];
    bool on;
} children;

static const char *value_of(char *const *environment, const char *variable)
{
    size_t length = strlen(variable);
    for (char *const *entry = environment; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, variable, length) == 0) {
            return *entry + length;
        }
    }
    return NULL;
}

void children_loaded(char **environment, const char *library)
{
    const char *folder = value_of(environment, CHILDREN_VARIABLE);
    bool can_be_named = library[0] == '/' && strpbrk(library, ": ") == NULL && /* as an entry of the list */
                        strncmp(library, "/proc/", strlen("/proc/")) != 0;     /* a descriptor of fil-profile alone */
    if (folder == NULL || folder[0] == '\0' || strlen(folder) >= MOST_PATH || strlen(library) >= MOST_PATH ||
        !can_be_named) {
        return;
    }
    strcpy(children.library, library);
    strcpy(children.folder, CHILDREN_VARIABLE);
    strcat(children.folder, folder);
    strcpy(children.recording, "recording");
    const char *started_by = value_of(environment, CHILDREN_STARTER);
    if (started_by != NULL && strlen(started_by) < sizeof children.started_by) {
        strcpy(children.started_by, started_by);
    }
    children.on = true;
}

static bool is(const char *entry, const char *variable)
{
    return strncmp(entry, variable, strlen(variable)) == 0;
}

void children_leave(char **environment)
{
    for (char **entry = environment; entry != NULL && *entry != NULL;) {
        if (is(*entry, CHILDREN_VARIABLE) || is(*entry, CHILDREN_STARTER)) {
            for (char **move = entry; *move != NULL; move++) {
                move[0] = move[1];
            }
        } else {
            entry++;
        }
    }
}

bool children_is_the_program(void)
{
    char words[COMMAND_BYTES];
    size_t bytes = platform_command_line(words, sizeof words - 1);
    words[bytes] = '\0';
    size_t end = strlen(BOOTSTRAP_NAME);
    for (size_t at = 0, length; at < bytes; at += length + 1) {
        length = strlen(words + at);
        if (length >= end && strcmp(words + at + length - end, BOOTSTRAP_NAME) == 0) {
            return true;
        }
    }
    return false;
}

bool children_on(void)
{
    return children.on;
}

const char *children_folder(void)
{
    return children.folder + strlen(CHILDREN_VARIABLE);
}

void children_forked(void)
{
    strcpy(children.started_by, children.recording);
    strcat(children.started_by, ".0");
}

const char *children_started_by(void)
{
    return children.started_by;
}

const char *children_recording(void)
{
    return children.recording;
}

void children_recording_is(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t length = strcspn(name, ".");
    if (length < sizeof children.recording) {
        memcpy(children.recording, name, length);
        children.recording[length] = '\0';
    }
}

const char *children_library(void)
{
    return children.library;
}

size_t children_places(char *const *environment)
{
    size_t count = 0;
    while (environment != NULL && environment[count] != NULL && count <= CHILDREN_MOST_ENTRIES) {
        count++;
    }
    const char *folder = value_of(environment, CHILDREN_VARIABLE);
    bool is_another_runs = folder != NULL && strcmp(folder, children_folder()) != 0;
    return count > CHILDREN_MOST_ENTRIES || is_another_runs || children_list_bytes(environment) == 0
               ? 0
               : count + EXTRA_PLACES;
}

size_t children_list_bytes(char *const *environment)
{
    const char *list = value_of(environment, PRELOAD_VARIABLE);
    size_t length = list == NULL ? 0 : strlen(list);
    size_t starter = strlen(CHILDREN_STARTER) + CHILDREN_STARTER_BYTES;
    return length > CHILDREN_MOST_LIST ? 0 : length + strlen(PRELOAD_VARIABLE) + strlen(children.library) + 2 + starter;
}

/* Append to `list` the entries of `others` that are not our library. */
static void append_others(char *list, const char *others)
{
    size_t end = strlen(list);
    size_t begins = end;
    for (const char *at = others; *at != '\0';) {
        size_t length = strcspn(at, ": ");
        if (length != 0 && !(length == strlen(children.library) && memcmp(at, children.library, length) == 0)) {
            if (end != begins || begins != strlen(PRELOAD_VARIABLE)) {
                list[end++] = ':';
            }
            memcpy(list + end, at, length);
            end += length;
        }
        at += length + (at[length] != '\0');
    }
    list[end] = '\0';
}

void children_edit(char *const *environment, enum platform_program program, const char *starter, char **edited,
                   char *list)
{
    size_t count = 0;
    const char *others = value_of(environment, PRELOAD_VARIABLE);
    for (char *const *entry = environment; entry != NULL && *entry != NULL; entry++) {
        bool replaced = is(*entry, CHILDREN_STARTER) && (starter[0] != '\0' || program == PROGRAM_CANNOT_LOAD_US);
        if (!is(*entry, PRELOAD_VARIABLE) && !is(*entry, CHILDREN_VARIABLE) && !replaced) {
            edited[count++] = *entry;
        }
    }
    if (program != PROGRAM_CANNOT_LOAD_US && starter[0] != '\0') {
        edited[count++] = strcpy(list, CHILDREN_STARTER);
        strcat(list, starter);
        list += strlen(list) + 1;
    }
    strcpy(list, PRELOAD_VARIABLE);
    if (program != PROGRAM_CANNOT_LOAD_US) {
        strcat(list, children.library);
        edited[count++] = children.folder;
    }
    append_others(list, others == NULL ? "" : others);
    if (list[strlen(PRELOAD_VARIABLE)] != '\0') {
        edited[count++] = list;
    }
    edited[count] = NULL;
}
