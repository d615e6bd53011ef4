/* One mixing step for the ledger's tables. */
#ifndef FIL_LEDGER_HASH_H
#define FIL_LEDGER_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A multiply and a fold spread every bit of both inputs over the result. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static inline uint64_t hash_bytes(const uint8_t *bytes, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        hash = hash_mix(hash, bytes[i]);
    }
    return hash;
}

#endif
