#include "ledger/text_table.h"

#include "ledger/hash.h"
#include "ledger/ledger.h"

#define FIRST_CAPACITY 2048

static bool same_bytes(const uint8_t *left, const uint8_t *right, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (left[i] != right[i]) {
            return false;
        }
    }
    return true;
}

static bool make_room(struct ledger *ledger)
{
    struct text_table *table = &ledger->texts;
    if (table->count * 2 < table->capacity) {
        return true;
    }
    const struct ledger_storage *storage = &ledger->storage;
    size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    struct text_entry *entries = storage->take_pages(storage->context, capacity * sizeof *entries);
    if (entries == NULL) {
        return table->count + 1 < table->capacity;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].bytes == NULL) {
            continue;
        }
        size_t place = table->entries[i].hash & (capacity - 1);
        while (entries[place].bytes != NULL) {
            place = (place + 1) & (capacity - 1);
        }
        entries[place] = table->entries[i];
    }
    if (table->entries != NULL) {
        storage->give_pages(storage->context, table->entries, table->capacity * sizeof *entries);
    }
    table->entries = entries;
    table->capacity = capacity;
    return true;
}

/* Append the length word and the bytes to the current segment, or to a fresh one. */
static bool store(struct ledger *ledger, const uint8_t *bytes, uint32_t count, struct text_entry *entry)
{
    struct text_table *table = &ledger->texts;
    size_t needed = sizeof(uint32_t) + count;
    if (table->segment_room < needed) {
        uint64_t offset = 0;
        size_t room = 0;
        uint8_t *segment = ledger->storage.next_text_segment(ledger->storage.context, needed, &offset, &room);
        if (segment == NULL) {
            return false;
        }
        table->segment = segment;
        table->segment_offset = offset;
        table->segment_room = room;
    }
    for (size_t i = 0; i < sizeof(uint32_t); i++) {
        table->segment[i] = (uint8_t)(count >> (8 * i));
    }
    for (uint32_t i = 0; i < count; i++) {
        table->segment[sizeof(uint32_t) + i] = bytes[i];
    }
    entry->bytes = table->segment + sizeof(uint32_t);
    entry->offset = table->segment_offset;
    table->segment += needed;
    table->segment_offset += needed;
    table->segment_room -= needed;
    return true;
}

uint64_t ledger_text(struct ledger *ledger, const uint8_t *bytes, uint32_t count)
{
    struct text_table *table = &ledger->texts;
    if (!make_room(ledger)) {
        ledger_missed(ledger, FIL_MISSED_TEXT);
        return 0;
    }
    uint32_t hash = (uint32_t)hash_bytes(bytes, count);
    size_t place = hash & (table->capacity - 1);
    for (; table->entries[place].bytes != NULL; place = (place + 1) & (table->capacity - 1)) {
        const struct text_entry *entry = &table->entries[place];
        if (entry->hash == hash && entry->count == count && same_bytes(entry->bytes, bytes, count)) {
            return entry->offset;
        }
    }
    struct text_entry entry = {.bytes = NULL, .offset = 0, .count = count, .hash = hash};
    if (!store(ledger, bytes, count, &entry)) {
        ledger_missed(ledger, FIL_MISSED_TEXT);
        return 0;
    }
    table->entries[place] = entry;
    table->count += 1;
    return entry.offset;
}
