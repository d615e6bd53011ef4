/* An open hash in private memory that grows: for call stacks, functions, texts and code objects. */
#ifndef FIL_OPEN_HASH_H
#define FIL_OPEN_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/storage.h"

struct open_hash {
    void *entries;   /* NULL: none yet */
    size_t capacity; /* a power of two */
    size_t count;
};

/* What a table holds. An entry of zeros is an empty place. */
struct open_hash_kind {
    size_t entry_bytes;
    size_t first_capacity;
    /* The hash of an entry of `owner`; false if the place is empty. */
    bool (*hash)(const void *owner, const void *entry, uint64_t *hash);
};

/* Is there room for one more? The table is at most half full; if there is no memory for that, fuller. */
bool open_hash_make_room(struct open_hash *table, const struct open_hash_kind *kind, const void *owner,
                         const struct ledger_storage *storage);

/* Release the memory. */
void open_hash_end(struct open_hash *table, const struct open_hash_kind *kind, const struct ledger_storage *storage);

#endif
