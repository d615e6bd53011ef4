/* Functions kept once each: two code objects with the same texts and first line are the same function to a report. */
#ifndef FIL_CODE_TABLE_H
#define FIL_CODE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"

struct ledger;

#define LEDGER_CODE_SEGMENTS 1024u

struct code_table {
    struct fil_code *segments[LEDGER_CODE_SEGMENTS];
    uint32_t *slots; /* 0: empty; else a code number */
    size_t capacity; /* a power of two */
    size_t count;
};

/* The number of the function that `code` describes, recorded if it is new; 0 if there is no room. */
uint32_t ledger_code(struct ledger *ledger, const struct fil_code *code);

#endif
