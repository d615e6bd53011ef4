#include "children/chosen.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "children/children.h"
#include "platform/platform.h"

#define COMMAND_BYTES 4096u   /* of a command line that are compared */
#define PATTERNS_BYTES 16384u /* arguments.py knows it too */

/* They serve multiprocessing and loky, and do nothing for the program. */
static const char *const helpers[] = {"from multiprocessing.resource_tracker import main",
                                      "from multiprocessing.semaphore_tracker import main",
                                      "from joblib.externals.loky.backend.resource_tracker import main",
                                      "from loky.backend.resource_tracker import main"};

static bool is_helper(const char *command)
{
    const char *source = strstr(command, " -c ");
    for (size_t i = 0; source != NULL && i < sizeof helpers / sizeof helpers[0]; i++) {
        if (strncmp(source + strlen(" -c "), helpers[i], strlen(helpers[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the pattern fits a part of the command. */
static bool fits(const char *pattern, const char *command)
{
    char anywhere[PATTERNS_BYTES + sizeof "**"];
    int length = snprintf(anywhere, sizeof anywhere, "*%s*", pattern);
    return length > 0 && (size_t)length < sizeof anywhere && fnmatch(anywhere, command, 0) == 0;
}

static bool chosen_by_options(const char *command)
{
    char path[CHILDREN_PATH_BYTES];
    char patterns[PATTERNS_BYTES];
    int length = snprintf(path, sizeof path, "%s/" CHOSEN_FILE, children_folder());
    bool has_path = length > 0 && (size_t)length < sizeof path;
    size_t bytes = has_path ? platform_read_beginning(path, patterns, sizeof patterns - 1) : 0;
    patterns[bytes] = '\0';
    bool wanted = true;
    bool fits_one = false;
    for (size_t at = 0; at < bytes; at += strlen(patterns + at) + 1) {
        bool fits_this = fits(patterns + at + 1, command);
        if (patterns[at] == '-' && fits_this) {
            return false;
        }
        if (patterns[at] == '+') {
            wanted = false;
            fits_one = fits_one || fits_this;
        }
    }
    return wanted || fits_one;
}

bool chosen_to_be_recorded(void)
{
    char command[COMMAND_BYTES];
    size_t bytes = platform_command_line(command, sizeof command - 1);
    for (size_t i = 0; i + 1 < bytes; i++) {
        if (command[i] == '\0') {
            command[i] = ' ';
        }
    }
    command[bytes] = '\0';
    return !is_helper(command) && chosen_by_options(command);
}
