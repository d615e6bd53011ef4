#include "attribute/dynamic_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "attribute/walker.h"

#define NAMELESS "<dynamic-code>" /* the file's name in code from cloudpickle */
#define KEY "__file__"            /* among the first keys that cloudpickle, and a module, put into globals */
#define MOST_ENTRIES 16u          /* number of entries to search */
#define MOST_LOG2 30u

static bool is_text(uintptr_t object, uintptr_t text_type)
{
    return object != 0 && load_address(object + walker.layout.bytes_size - sizeof(uintptr_t)) == text_type;
}

static bool equals(const struct text_buffer *buffer, uint32_t at, uint32_t bytes, const char *wanted)
{
    return bytes == strlen(wanted) && memcmp(buffer->bytes + at, wanted, bytes) == 0;
}

/* A table of keys begins with its number of users, then the sizes of its table of indices and of an entry: numbers and
 * a function until 3.10; from 3.11 on powers of two, and whether all keys are texts, whose hashes are not stored. */
static bool find_entries(uintptr_t keys, uintptr_t *entries, size_t *entry_bytes, size_t *value_at)
{
    size_t index_bytes;
    bool with_hash = true;
    if (walker.objects.minor_version < 11) {
        uint64_t places = load_address(keys + 8);
        index_bytes = (size_t)(places <= 0xff ? places : places <= 0xffff ? places * 2 : places * 4);
    } else {
        uint8_t log2 = *(const uint8_t *)(keys + 9);
        if (log2 > MOST_LOG2) {
            return false;
        }
        index_bytes = (size_t)1 << log2;
        with_hash = *(const uint8_t *)(keys + 10) == 0;
    }
    *entries = keys + walker.objects.keys_indices + index_bytes + (with_hash ? sizeof(uintptr_t) : 0);
    *entry_bytes = (with_hash ? 3 : 2) * sizeof(uintptr_t);
    *value_at = sizeof(uintptr_t);
    return true;
}

/* The value of `wanted` in the dict, if both are texts; 0 if there is none. Uses `buffer`, and leaves it unchanged. */
static uintptr_t value_of(uintptr_t dict, const char *wanted, uintptr_t text_type, struct text_buffer *buffer)
{
    const struct fil_layout *layout = &walker.layout;
    uintptr_t entry;
    size_t entry_bytes;
    size_t value_at;
    uintptr_t keys = load_address(dict + layout->bytes_size + 2 * sizeof(uintptr_t));
    if (keys == 0 || !find_entries(keys, &entry, &entry_bytes, &value_at)) {
        return 0;
    }
    uintptr_t count = load_address(keys + walker.objects.keys_entries);
    for (uintptr_t i = 0; i < count && i < MOST_ENTRIES; i++, entry += entry_bytes) {
        uintptr_t key = load_address(entry);
        struct text_buffer before = *buffer;
        bool found = is_text(key, text_type) && load_address(key + layout->text_length) == strlen(wanted) &&
                     code_facts_text(layout, &memory_that_is_there, key, buffer) &&
                     equals(buffer, before.used, buffer->used - before.used, wanted);
        *buffer = before;
        if (found) {
            uintptr_t value = load_address(entry + value_at);
            return is_text(value, text_type) ? value : 0;
        }
    }
    return 0;
}

/* The thread that has the GIL can change globals; so only that thread can read them. */
static bool has_interpreter(void)
{
    return walker.running_state != walker.thread_state && walker.running_state() == walker.thread_state();
}

void dynamic_code_find_file(uintptr_t frame, struct text_buffer *buffer, struct fil_observed_frame *facts)
{
    if (!equals(buffer, facts->filename_at, facts->filename_bytes, NAMELESS) || walker.objects.frame_globals == 0 ||
        !has_interpreter()) {
        return;
    }
    uintptr_t filename = load_address((uintptr_t)facts->code + walker.layout.code_filename);
    uintptr_t text_type = load_address(filename + walker.layout.bytes_size - sizeof(uintptr_t));
    uintptr_t globals = load_address(frame + walker.objects.frame_globals);
    uintptr_t file = globals == 0 ? 0 : value_of(globals, KEY, text_type, buffer);
    uint32_t at = buffer->used;
    if (file != 0 && code_facts_text(&walker.layout, &memory_that_is_there, file, buffer)) {
        facts->filename_at = at;
        facts->filename_bytes = buffer->used - at;
    }
}
