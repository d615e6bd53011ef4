#include "ledger/text_table.h"

#include "fil_format.h"
#include "ledger/hash.h"

struct text_entry {
    const uint8_t *bytes; /* in the mapped recording; NULL: empty entry */
    uint64_t offset;      /* of its length word in the file */
    uint32_t count;       /* bytes */
    uint32_t hash;
};

static bool hash_of_entry(const void *owner, const void *entry, uint64_t *hash)
{
    (void)owner;
    const struct text_entry *text = entry;
    *hash = text->hash;
    return text->bytes != NULL;
}

static const struct open_hash_kind kind = {
    .entry_bytes = sizeof(struct text_entry), .first_capacity = 2048, .hash = hash_of_entry};

static bool same_bytes(const uint8_t *left, const uint8_t *right, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (left[i] != right[i]) {
            return false;
        }
    }
    return true;
}

static uint32_t word_at(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void write_word(uint8_t *at, uint32_t word)
{
    for (size_t i = 0; i < sizeof word; i++) {
        at[i] = (uint8_t)(word >> (8 * i));
    }
}

/* Append the two words and the bytes to the current segment, or to a new one. */
static bool store(struct text_table *table, const struct ledger_storage *storage, const uint8_t *bytes, uint32_t count,
                  struct text_entry *entry)
{
    size_t needed = FIL_TEXT_HEAD_BYTES + count;
    if (table->segment_room < needed) {
        uint64_t offset = 0;
        size_t room = 0;
        uint8_t *segment = storage->next_text_segment(needed, &offset, &room);
        if (segment == NULL) {
            return false;
        }
        table->segment = segment;
        table->segment_offset = offset;
        table->segment_room = room;
    }
    write_word(table->segment, count);
    write_word(table->segment + sizeof(uint32_t), entry->hash);
    for (uint32_t i = 0; i < count; i++) {
        table->segment[FIL_TEXT_HEAD_BYTES + i] = bytes[i];
    }
    entry->bytes = table->segment + FIL_TEXT_HEAD_BYTES;
    entry->offset = table->segment_offset;
    table->segment += needed;
    table->segment_offset += needed;
    table->segment_room -= needed;
    return true;
}

uint64_t text_table_offset(struct text_table *table, const struct ledger_storage *storage, const uint8_t *bytes,
                           uint32_t count)
{
    if (!open_hash_make_room(&table->texts, &kind, table, storage)) {
        return 0;
    }
    struct text_entry *entries = table->texts.entries;
    size_t mask = table->texts.capacity - 1;
    uint32_t hash = hash_text(bytes, count);
    size_t place = hash & mask;
    for (; entries[place].bytes != NULL; place = (place + 1) & mask) {
        const struct text_entry *entry = &entries[place];
        if (entry->hash == hash && entry->count == count && same_bytes(entry->bytes, bytes, count)) {
            return entry->offset;
        }
    }
    struct text_entry entry = {.bytes = NULL, .offset = 0, .count = count, .hash = hash};
    if (!store(table, storage, bytes, count, &entry)) {
        return 0;
    }
    entries[place] = entry;
    table->texts.count += 1;
    return entry.offset;
}

bool text_table_is_intact(const struct text_table *table)
{
    const struct text_entry *entries = table->texts.entries;
    for (size_t i = 0; i < table->texts.capacity; i++) {
        const uint8_t *bytes = entries[i].bytes;
        if (bytes != NULL && (word_at(bytes - FIL_TEXT_HEAD_BYTES) != entries[i].count ||
                              word_at(bytes - sizeof(uint32_t)) != entries[i].hash)) {
            return false;
        }
    }
    return true;
}

void text_table_end(struct text_table *table, const struct ledger_storage *storage)
{
    open_hash_end(&table->texts, &kind, storage);
    *table = (struct text_table){.segment = NULL};
}
