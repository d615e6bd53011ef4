/* Mappings of files: how much of which file each call stack has mapped. They are no part of the total and its peak;
 * their values at the peak are kept all the same. */
#ifndef FIL_FILE_TABLE_H
#define FIL_FILE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/range_table.h"
#include "ledger/storage.h"

struct file_table {
    struct fil_file *records;  /* in the recording; NULL: no file was mapped yet, or there is no room */
    uint32_t count;            /* of these in use, including the unused number 0: not read from the file */
    struct range_table ranges; /* their `node` is a record number */
    uint32_t texts;            /* paths stored so far */
};

/* The number of the record for the file at that text (0: unknown) and that call stack, created if it is new. 0 if there
 * is no room. Updates the header's number of records. */
uint32_t file_table_record(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                           uint64_t path, uint32_t node, bool is_private);

/* [start, end), which must be free, is a mapping of that record's file. Returns false if there is no memory. */
bool file_table_add(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                    uintptr_t start, uintptr_t end, uint32_t number);

/* The number of the record of the file mapped at `address`; 0 if none is. */
uint32_t file_table_at(const struct file_table *table, uintptr_t address);

/* Is a file mapped anywhere in [start, end)? */
bool file_table_has(const struct file_table *table, uintptr_t start, uintptr_t end);

/* [start, end) is no mapping of a file any more. Returns false, with nothing changed, if there is no memory. If the
 * peak is now, it must be settled before. */
bool file_table_remove(struct file_table *table, struct fil_header *header, const struct ledger_storage *storage,
                       uintptr_t start, uintptr_t end);

/* The newest epoch, the header's, is about to become 1, and every older one 0. */
void file_table_renumber(struct file_table *table, const struct fil_header *header);

/* Forget everything, and release memory. */
void file_table_end(struct file_table *table, const struct ledger_storage *storage);

#endif
