/* Mappings of files: how much of which file each callstack has mapped. They are no part of the total and its peak; what
 * they were at the peak is kept all the same. */
#ifndef FIL_FILE_TABLE_H
#define FIL_FILE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/range_table.h"
#include "ledger/storage.h"

struct file_table {
    struct fil_file *records;  /* in the recording; NULL: no file was mapped yet, or there is no room */
    uint32_t count;            /* of these in use, the unused number 0 included: not read from the file */
    struct range_table ranges; /* their `node` is the number of a record */
    uint32_t texts;            /* paths kept so far */
};

/* The number of the record for the file at that text (0: unknown) and that callstack, made if it is new. 0 if there is
 * no room for any. The header counts records. */
uint32_t file_table_record(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                           uint64_t path, uint32_t node, bool is_private);

/* [start, end), where nothing lies, is a mapping of that record's file. Returns false if there is no memory. */
bool file_table_add(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                    uintptr_t start, uintptr_t end, uint32_t number);

/* The number of the record of the file that is mapped at `address`; 0 if none is. */
uint32_t file_table_at(const struct file_table *table, uintptr_t address);

/* Does a file's mapping lie in [start, end)? */
bool file_table_has(const struct file_table *table, uintptr_t start, uintptr_t end);

/* What lies in [start, end) is no mapping of a file any more. Returns false, with nothing changed, if there is no
 * memory. The peak, if it is now, must be settled before. */
bool file_table_remove(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                       uintptr_t start, uintptr_t end);

/* The newest epoch, the header's, is about to become 1, and every older one 0. */
void file_table_renumber(struct file_table *table, const struct fil_header *header);

/* Forget all, and give memory back. */
void file_table_end(struct file_table *table, const struct ledger_storage *storage);

#endif
