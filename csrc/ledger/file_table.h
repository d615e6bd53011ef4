/* Mappings of files: how much of which file each callstack has mapped. They are no part of the total and its peak; what they
 * were at the peak is kept all the same. */
#ifndef FIL_FILE_TABLE_H
#define FIL_FILE_TABLE_H

#include <stdint.h>

#include "ledger/range_table.h"

struct ledger;
struct fil_file;

struct file_table {
    struct fil_file *records; /* in the recording; NULL: no file was mapped yet, or there is no room */
    struct range_table ranges; /* their `node` is the number of a record */
    uint32_t texts;           /* paths kept so far */
};

/* What lies in [start, end) is no mapping of a file any more. */
void ledger_remove_files(struct ledger *ledger, uintptr_t start, uintptr_t end);

/* The newest epoch is about to become 1, and every older one 0. */
void ledger_renumber_files(struct ledger *ledger);

#endif
