#include "origin.h"

#include <stdint.h>
#include <string.h>

#include "children/children.h"
#include "platform/platform.h"
#include "state.h"

#define COMMAND_BYTES 4096u /* of a command line that are kept */

static uint64_t text_of(const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    return length == 0 ? 0 : ledger_text(&state.ledger, (const uint8_t *)text, length);
}

void origin_record(struct fil_header *header, const char *path, bool forked)
{
    char words[COMMAND_BYTES];
    header->parent_pid = platform_parent_pid();
    header->forked = forked;
    header->started_by = text_of(children_started_by());
    children_recording_is(path);
    size_t size = forked ? 0 : platform_command_line(words, sizeof words);
    if (size != 0) {
        header->command_line = ledger_text(&state.ledger, (const uint8_t *)words, (uint32_t)size);
    }
}
