#include "ledger/code_table.h"

#include "ledger/hash.h"

static struct fil_code *record_of(const struct code_table *table, uint32_t number)
{
    return &table->segments[number / FIL_CODES_PER_SEGMENT][number % FIL_CODES_PER_SEGMENT];
}

static uint64_t hash_of(const struct fil_code *code)
{
    uint64_t hash = hash_mix(hash_mix(code->filename, code->name), code->qualname);
    return hash_mix(hash_mix(hash, code->line_table), code->first_line);
}

static bool hash_of_entry(const void *owner, const void *entry, uint64_t *hash)
{
    uint32_t number = *(const uint32_t *)entry;
    if (number == 0) {
        return false;
    }
    *hash = hash_of(record_of(owner, number));
    return true;
}

static const struct open_hash_kind kind = {
    .entry_bytes = sizeof(uint32_t), .first_capacity = 2048, .hash = hash_of_entry};

static bool same_code(const struct fil_code *left, const struct fil_code *right)
{
    return left->filename == right->filename && left->name == right->name && left->qualname == right->qualname &&
           left->line_table == right->line_table && left->first_line == right->first_line && left->kind == right->kind;
}

/* The number of a new record with that content; 0 if there is no room. */
static uint32_t new_code(struct code_table *table, struct fil_header *header, const struct ledger_storage *storage,
                         const struct fil_code *code)
{
    uint32_t number = table->next;
    uint32_t segment = number / FIL_CODES_PER_SEGMENT;
    if (segment >= LEDGER_CODE_SEGMENTS) {
        return 0;
    }
    if (table->segments[segment] == NULL) {
        table->segments[segment] = storage->next_code_segment();
        if (table->segments[segment] == NULL) {
            return 0;
        }
    }
    *record_of(table, number) = *code;
    table->next = number + 1;
    table->check += hash_mix(hash_of(code), number);
    header->code_count = number + 1;
    return number;
}

void code_table_begin(struct code_table *table, struct fil_header *header)
{
    table->next = 1;
    table->check = 0;
    header->code_count = 1;
}

uint32_t code_table_number(struct code_table *table, struct fil_header *header, const struct ledger_storage *storage,
                           const struct fil_code *code)
{
    if (!open_hash_make_room(&table->numbers, &kind, table, storage)) {
        return 0;
    }
    uint32_t *slots = table->numbers.entries;
    size_t mask = table->numbers.capacity - 1;
    size_t place = (size_t)hash_of(code) & mask;
    for (; slots[place] != 0; place = (place + 1) & mask) {
        if (same_code(record_of(table, slots[place]), code)) {
            return slots[place];
        }
    }
    uint32_t number = new_code(table, header, storage, code);
    if (number != 0) {
        slots[place] = number;
        table->numbers.count += 1;
    }
    return number;
}

bool code_table_is_intact(const struct code_table *table, const struct fil_header *header)
{
    uint64_t check = 0;
    for (uint32_t number = 1; number < table->next; number++) {
        check += hash_mix(hash_of(record_of(table, number)), number);
    }
    return header->code_count == table->next && check == table->check;
}

void code_table_end(struct code_table *table, const struct ledger_storage *storage)
{
    open_hash_end(&table->numbers, &kind, storage);
    for (uint32_t i = 0; i < LEDGER_CODE_SEGMENTS && table->segments[i] != NULL; i++) {
        table->segments[i] = NULL;
    }
}
