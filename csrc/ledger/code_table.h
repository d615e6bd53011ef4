/* Functions stored once each: two code objects with the same texts and first line are the same function to a report. */
#ifndef FIL_CODE_TABLE_H
#define FIL_CODE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/open_hash.h"
#include "ledger/storage.h"

#define LEDGER_CODE_SEGMENTS 1024u

struct code_table {
    struct fil_code *segments[LEDGER_CODE_SEGMENTS]; /* in the recording */
    struct open_hash numbers;                        /* of functions */
    uint32_t next;                                   /* number: not read from the file, where other processes can
                                                      * write */
    uint64_t check;                                  /* of what was recorded */
};

/* Begin with no function: number 0 is none. */
void code_table_begin(struct code_table *table, struct fil_header *header);

/* The number of the function that `code` describes, recorded if it is new; 0 if there is no room. Updates the header's
 * number of functions. */
uint32_t code_table_number(struct code_table *table, struct fil_header *header, const struct ledger_storage *storage,
                           const struct fil_code *code);

/* Is the file as it was recorded? Reads every function. */
bool code_table_is_intact(const struct code_table *table, const struct fil_header *header);

/* Forget everything, and release memory. */
void code_table_end(struct code_table *table, const struct ledger_storage *storage);

#endif
