/* Texts and line tables kept once each, in the recording. */
#ifndef FIL_TEXT_TABLE_H
#define FIL_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct ledger;

struct text_entry {
    const uint8_t *bytes; /* in the mapped recording; NULL: empty entry */
    uint64_t offset;      /* of its length word in the file */
    uint32_t count;       /* bytes */
    uint32_t hash;
};

struct text_table {
    struct text_entry *entries;
    size_t capacity; /* a power of two */
    size_t count;
    uint8_t *segment; /* where the next text goes */
    uint64_t segment_offset;
    size_t segment_room;
};

/* The place in the recording of these bytes, stored if they are new; 0 if there is no room (the miss is counted). */
uint64_t ledger_text(struct ledger *ledger, const uint8_t *bytes, uint32_t count);

#endif
