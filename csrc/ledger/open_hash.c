#include "ledger/open_hash.h"

#include <string.h>

static uint8_t *entry_at(void *entries, size_t place, const struct open_hash_kind *kind)
{
    return (uint8_t *)entries + place * kind->entry_bytes;
}

/* Put the contents of `table` into `entries`, of `capacity`. */
static void move_entries(const struct open_hash *table, const struct open_hash_kind *kind, const void *owner,
                         void *entries, size_t capacity)
{
    for (size_t i = 0; i < table->capacity; i++) {
        const uint8_t *entry = entry_at(table->entries, i, kind);
        uint64_t hash;
        uint64_t other;
        if (!kind->hash(owner, entry, &hash)) {
            continue;
        }
        size_t place = (size_t)hash & (capacity - 1);
        while (kind->hash(owner, entry_at(entries, place, kind), &other)) {
            place = (place + 1) & (capacity - 1);
        }
        memcpy(entry_at(entries, place, kind), entry, kind->entry_bytes);
    }
}

bool open_hash_make_room(struct open_hash *table, const struct open_hash_kind *kind, const void *owner,
                         const struct ledger_storage *storage)
{
    if (table->count * 2 < table->capacity) {
        return true;
    }
    size_t capacity = table->capacity == 0 ? kind->first_capacity : table->capacity * 2;
    void *entries = storage->map_pages(capacity * kind->entry_bytes);
    if (entries == NULL) {
        return table->count + 1 < table->capacity; /* fuller than intended, still correct */
    }
    move_entries(table, kind, owner, entries, capacity);
    if (table->entries != NULL) {
        storage->unmap_pages(table->entries, table->capacity * kind->entry_bytes);
    }
    table->entries = entries;
    table->capacity = capacity;
    return true;
}

void open_hash_end(struct open_hash *table, const struct open_hash_kind *kind, const struct ledger_storage *storage)
{
    if (table->entries != NULL) {
        storage->unmap_pages(table->entries, table->capacity * kind->entry_bytes);
    }
    *table = (struct open_hash){.entries = NULL, .capacity = 0, .count = 0};
}
