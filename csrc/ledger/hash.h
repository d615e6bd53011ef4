/* One mixing step for the ledger's tables. */
#ifndef FIL_LEDGER_HASH_H
#define FIL_LEDGER_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"

/* A multiply and a fold spread every bit of both inputs over the result. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Defined in fil_format.h: it is also in the recording, and any reader can compute it. */
static inline uint32_t hash_text(const uint8_t *bytes, size_t count)
{
    uint64_t rest = 0;
    size_t at = count;
    for (; at % 4 != 0; at--) {
        rest = rest << 8 | bytes[at - 1];
    }
    for (; at != 0; at -= 4) {
        uint64_t four = bytes[at - 4] | (uint32_t)bytes[at - 3] << 8 | (uint32_t)bytes[at - 2] << 16 |
                        (uint32_t)bytes[at - 1] << 24;
        rest = (rest << 32 | four) % FIL_TEXT_PRIME;
    }
    return (uint32_t)rest + 1;
}

#endif
