#include "ledger/code_table.h"

#include "ledger/hash.h"
#include "ledger/ledger.h"

#define FIRST_CAPACITY 2048

static struct fil_code *record_of(const struct code_table *table, uint32_t code)
{
    return &table->segments[code / FIL_CODES_PER_SEGMENT][code % FIL_CODES_PER_SEGMENT];
}

static size_t place_of(const struct fil_code *code, size_t capacity)
{
    uint64_t hash = hash_mix(hash_mix(code->filename, code->name), code->qualname);
    return (size_t)hash_mix(hash_mix(hash, code->line_table), code->first_line) & (capacity - 1);
}

static bool same_code(const struct fil_code *left, const struct fil_code *right)
{
    return left->filename == right->filename && left->name == right->name && left->qualname == right->qualname &&
           left->line_table == right->line_table && left->first_line == right->first_line && left->kind == right->kind;
}

static bool make_room(struct ledger *ledger)
{
    struct code_table *table = &ledger->codes;
    if (table->count * 2 < table->capacity) {
        return true;
    }
    const struct ledger_storage *storage = &ledger->storage;
    size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    uint32_t *slots = storage->take_pages(storage->context, capacity * sizeof *slots);
    if (slots == NULL) {
        return table->count + 1 < table->capacity;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i] == 0) {
            continue;
        }
        size_t place = place_of(record_of(table, table->slots[i]), capacity);
        while (slots[place] != 0) {
            place = (place + 1) & (capacity - 1);
        }
        slots[place] = table->slots[i];
    }
    if (table->slots != NULL) {
        storage->give_pages(storage->context, table->slots, table->capacity * sizeof *slots);
    }
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

uint32_t ledger_code(struct ledger *ledger, const struct fil_code *code)
{
    struct code_table *table = &ledger->codes;
    if (!make_room(ledger)) {
        return 0;
    }
    size_t place = place_of(code, table->capacity);
    for (; table->slots[place] != 0; place = (place + 1) & (table->capacity - 1)) {
        if (same_code(record_of(table, table->slots[place]), code)) {
            return table->slots[place];
        }
    }
    uint32_t number = ledger->header->code_count;
    uint32_t segment = number / FIL_CODES_PER_SEGMENT;
    if (segment >= LEDGER_CODE_SEGMENTS) {
        return 0;
    }
    if (table->segments[segment] == NULL) {
        table->segments[segment] = ledger->storage.next_code_segment(ledger->storage.context);
        if (table->segments[segment] == NULL) {
            return 0;
        }
    }
    *record_of(table, number) = *code;
    ledger->header->code_count = number + 1;
    table->slots[place] = number;
    table->count += 1;
    return number;
}
