#include "attribute/code_facts.h"

#include <string.h>

static bool read_directly(void *context, void *into, uintptr_t address, size_t bytes)
{
    (void)context;
    memcpy(into, (const void *)address, bytes);
    return true;
}

const struct memory memory_that_is_there = {.read = read_directly, .context = NULL};

static bool read_memory(const struct memory *memory, void *into, uintptr_t address, size_t bytes)
{
    return memory->read(memory->context, into, address, bytes);
}

static uint32_t put_utf8(uint8_t *into, uint32_t character)
{
    if (character < 0x80) {
        into[0] = (uint8_t)character;
        return 1;
    }
    if (character < 0x800) {
        into[0] = (uint8_t)(0xc0 | character >> 6);
        into[1] = (uint8_t)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) { /* lone surrogates too: the reader accepts them */
        into[0] = (uint8_t)(0xe0 | character >> 12);
        into[1] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
        into[2] = (uint8_t)(0x80 | (character & 0x3f));
        return 3;
    }
    into[0] = (uint8_t)(0xf0 | character >> 18);
    into[1] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
    into[2] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    into[3] = (uint8_t)(0x80 | (character & 0x3f));
    return 4;
}

#define PIECE_BYTES 256u

/* Append `length` characters of `width` bytes each at `data`, as UTF-8. Appends nothing if they do not fit. */
static bool append_characters(const struct memory *memory, uintptr_t data, uint64_t length, uint32_t width,
                              struct text_buffer *buffer)
{
    uint32_t used = buffer->used;
    uint8_t piece[PIECE_BYTES];
    uint64_t piece_characters = PIECE_BYTES / width;
    for (uint64_t done = 0; done < length;) {
        uint64_t now = length - done < piece_characters ? length - done : piece_characters;
        if (!read_memory(memory, piece, data + done * width, (size_t)(now * width))) {
            return false;
        }
        for (uint64_t i = 0; i < now; i++) {
            uint32_t character = 0;
            memcpy(&character, piece + i * width, width);
            if (buffer->capacity - used < 4) {
                buffer->lacks = true;
                return true;
            }
            used += put_utf8(buffer->bytes + used, character);
        }
        done += now;
    }
    buffer->used = used;
    return true;
}

bool code_facts_text(const struct fil_layout *layout, const struct memory *memory, uintptr_t text,
                     struct text_buffer *buffer)
{
    uint64_t length;
    uint32_t bits;
    if (!read_memory(memory, &length, text + layout->text_length, sizeof length) ||
        !read_memory(memory, &bits, text + layout->text_state, sizeof bits)) {
        return false;
    }
    bits >>= layout->text_kind;
    uint32_t width = bits & 7u;
    bool compact = (bits >> 3 & 1u) != 0;
    bool ascii = (bits >> 4 & 1u) != 0;
    if (!compact || (width != 1 && width != 2 && width != 4)) {
        buffer->lacks = true;
        return true;
    }
    return append_characters(memory, text + (ascii ? layout->text_ascii : layout->text_compact), length, width, buffer);
}

static bool append_bytes(const struct fil_layout *layout, const struct memory *memory, uintptr_t object,
                         struct text_buffer *buffer)
{
    uint64_t size;
    if (!read_memory(memory, &size, object + layout->bytes_size, sizeof size)) {
        return false;
    }
    if (size > buffer->capacity - buffer->used) {
        buffer->lacks = true;
        return true;
    }
    if (!read_memory(memory, buffer->bytes + buffer->used, object + layout->bytes_data, (size_t)size)) {
        return false;
    }
    buffer->used += (uint32_t)size;
    return true;
}

typedef bool append_function(const struct fil_layout *, const struct memory *, uintptr_t, struct text_buffer *);

/* Append the text or bytes object that the field at `code + field` points to. */
static bool append_field(const struct fil_layout *layout, const struct memory *memory, uintptr_t code, uint16_t field,
                         append_function *append, struct text_buffer *buffer, uint32_t *at, uint32_t *bytes)
{
    uintptr_t object;
    *at = buffer->used;
    *bytes = 0;
    if (field == 0) {
        return true;
    }
    if (!read_memory(memory, &object, code + field, sizeof object) || !append(layout, memory, object, buffer)) {
        return false;
    }
    *bytes = buffer->used - *at;
    return true;
}

bool code_facts_read(const struct fil_layout *layout, const struct memory *memory, uintptr_t code,
                     struct text_buffer *buffer, struct fil_observed_frame *facts)
{
    facts->code = code;
    facts->first_traceable = 0;
    if (layout->code_first_traceable != 0 &&
        !read_memory(memory, &facts->first_traceable, code + layout->code_first_traceable,
                     sizeof facts->first_traceable)) {
        return false;
    }
    return read_memory(memory, &facts->first_line, code + layout->code_first_line, sizeof facts->first_line) &&
           append_field(layout, memory, code, layout->code_filename, code_facts_text, buffer, &facts->filename_at,
                        &facts->filename_bytes) &&
           append_field(layout, memory, code, layout->code_name, code_facts_text, buffer, &facts->name_at,
                        &facts->name_bytes) &&
           append_field(layout, memory, code, layout->code_qualname, code_facts_text, buffer, &facts->qualname_at,
                        &facts->qualname_bytes) &&
           append_field(layout, memory, code, layout->code_line_table, append_bytes, buffer, &facts->line_table_at,
                        &facts->line_table_bytes);
}

int32_t code_offset(const struct fil_layout *layout, uintptr_t code, uintptr_t instruction)
{
    switch (layout->form) {
    case INSTRUCTION_INDEX_BYTES:
        return (int32_t)(uint32_t)instruction;
    case INSTRUCTION_INDEX_UNITS:
        return (int32_t)(uint32_t)instruction * 2;
    default:
        return (int32_t)(instruction - (code + layout->code_bytecode));
    }
}
