#include "attribute/layouts/layout.h"

#include <stddef.h>

#define LAYOUT(minor, instruction_form, cframe, frame, previous, code, instruction, owner, shim, chunk, filename, name,   \
               qualname, first_line, line_table, bytecode, ascii, compact)                                               \
    {.minor_version = (minor), .form = (instruction_form), .state_cframe = (cframe), .state_frame = (frame),             \
     .frame_previous = (previous), .frame_code = (code), .frame_instruction = (instruction), .frame_owner = (owner),     \
     .shim_owner = (shim), .state_chunk = (chunk), .chunk_previous = 0, .chunk_size = 8, .code_filename = (filename),    \
     .code_name = (name), .code_qualname = (qualname), .code_first_line = (first_line), .code_line_table = (line_table), \
     .code_bytecode = (bytecode), .text_length = 16, .text_state = 32, .text_ascii = (ascii), .text_compact = (compact), \
     .bytes_size = 16, .bytes_data = 32},

static const struct frame_layout layouts[] = {
#include "attribute/layouts/layouts.def"
};

const struct frame_layout *layout_for_version(uint32_t python_version)
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
