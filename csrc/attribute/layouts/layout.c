#include "attribute/layouts/layout.h"

#include <stddef.h>
#include <string.h>

#define SHIM_OWNER 3              /* from 3.12 on, frames of this owner or a higher one belong to the interpreter */
#define TEXT_KIND 2               /* the lowest bit of a text's kind */
#define FIRST_TRACEABLE_BEFORE 16 /* from 3.11 on, the bytes from this field to the bytecode; no table publishes it */
#define CHUNK_SIZE_AT 8           /* in a chunk, the address of the previous one comes first, then its own size */

/* The same in every version: the heads of objects with a size, of texts, and of chunks of the data stack. */
#define LAYOUT(minor, ...)        \
    {.minor_version = (minor),    \
     .chunk_previous = 0,         \
     .chunk_size = CHUNK_SIZE_AT, \
     .text_length = 16,           \
     .text_state = 32,            \
     .text_kind = TEXT_KIND,      \
     .bytes_size = 16,            \
     .bytes_data = 32,            \
     __VA_ARGS__},

static const struct fil_layout layouts[] = {
#include "attribute/layouts/layouts.def"
};

const struct fil_layout *layout_for_version(uint32_t python_version)
{
    uint32_t major = python_version >> 24;
    uint32_t minor = python_version >> 16 & 0xffu;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (major == 3 && layouts[i].minor_version == minor) {
            return &layouts[i];
        }
    }
    return NULL;
}

/* The table's head. */
#define COOKIE "xdebugpy"
#define COOKIE_BYTES 8u
#define VERSION_AT 8u
#define FREE_THREADED_AT 16u

/* The place of each offset in the table of one minor version. */
struct published {
    uint16_t minor, state_frame, state_chunk, frame_previous, frame_code, frame_instruction, frame_locals, frame_owner;
    uint16_t code_filename, code_name, code_qualname, code_line_table, code_first_line, code_bytecode, code_copies;
    uint16_t bytes_size, bytes_data, text_state, text_length, text_ascii;
};

static const struct published published[] = {
#define PUBLISHED(minor_version, ...) {.minor = (minor_version), __VA_ARGS__},
#include "attribute/layouts/published.def"
#undef PUBLISHED
};

static uint64_t entry(const void *table, size_t at)
{
    uint64_t value;
    memcpy(&value, (const char *)table + at, sizeof value);
    return value;
}

static void take(const struct published *at, const void *table, struct fil_layout *layout)
{
#define TAKE(field) (uint16_t)entry(table, at->field)
    *layout = (struct fil_layout){
        .minor_version = at->minor,
        .form = INSTRUCTION_POINTER,
        .state_frame = TAKE(state_frame),
        .frame_previous = TAKE(frame_previous),
        .frame_code = TAKE(frame_code),
        .frame_instruction = TAKE(frame_instruction),
        .frame_locals = TAKE(frame_locals),
        .frame_owner = TAKE(frame_owner),
        .shim_owner = SHIM_OWNER,
        .state_chunk = TAKE(state_chunk),
        .chunk_size = CHUNK_SIZE_AT,
        .code_filename = TAKE(code_filename),
        .code_name = TAKE(code_name),
        .code_qualname = TAKE(code_qualname),
        .code_first_line = TAKE(code_first_line),
        .code_line_table = TAKE(code_line_table),
        .code_bytecode = TAKE(code_bytecode),
        .text_length = TAKE(text_length),
        .text_state = TAKE(text_state),
        .text_kind = TEXT_KIND,
        .text_ascii = TAKE(text_ascii),
        .text_compact = (uint16_t)(TAKE(text_ascii) + 2 * sizeof(uint64_t)),
        .bytes_size = TAKE(bytes_size),
        .bytes_data = TAKE(bytes_data),
        .code_first_traceable = (uint16_t)(TAKE(code_bytecode) - FIRST_TRACEABLE_BEFORE),
    };
#undef TAKE
}

bool layout_published(uint32_t python_version, bool free_threaded, const void *table, struct fil_layout *layout)
{
    if (table == NULL || memcmp(table, COOKIE, COOKIE_BYTES) != 0 || entry(table, VERSION_AT) != python_version ||
        (entry(table, FREE_THREADED_AT) != 0) != free_threaded) {
        return false;
    }
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        if (published[i].minor == (python_version >> 16 & 0xffu)) {
            take(&published[i], table, layout);
            /* If each thread has its own copy of the bytecode, an address does not identify the function. */
            return published[i].code_copies == 0 || entry(table, published[i].code_copies) == 0;
        }
    }
    return false;
}
