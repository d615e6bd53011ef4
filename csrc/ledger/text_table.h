/* Texts and line tables, stored once each, in the recording. */
#ifndef FIL_TEXT_TABLE_H
#define FIL_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/open_hash.h"
#include "ledger/storage.h"

struct text_table {
    struct open_hash texts; /* of struct text_entry */
    uint8_t *segment;       /* where the next text goes */
    uint64_t segment_offset;
    size_t segment_room;
};

/* The place in the recording of these bytes, stored if they are new; 0 if there is no room. */
uint64_t text_table_offset(struct text_table *table, const struct ledger_storage *storage, const uint8_t *bytes,
                           uint32_t count);

/* Does each text have its length and its check before it? Its reader verifies that the check fits the text. */
bool text_table_is_intact(const struct text_table *table);

/* Forget everything, and release memory. */
void text_table_end(struct text_table *table, const struct ledger_storage *storage);

#endif
