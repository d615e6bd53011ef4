#include "attribute/code_registry.h"

#include <stddef.h>
#include <string.h>

#include "attribute/marks.h"
#include "attribute/code_facts.h"
#include "attribute/dynamic_code.h"
#include "attribute/task_functions.h"
#include "attribute/walker.h"
#include "ledger/hash.h"
#include "ledger/open_hash.h"
#include "state.h"

#define SCRATCH_BYTES (8u << 20) /* names and line table of one function; only the used part is touched */

static uint8_t scratch[SCRATCH_BYTES]; /* one user at a time: this runs inside an event */

struct registered {
    uintptr_t code; /* 0: empty entry */
    uint32_t number;
};

static bool hash_of_entry(const void *owner, const void *entry, uint64_t *hash)
{
    (void)owner;
    const struct registered *registered = entry;
    *hash = hash_mix(0, registered->code);
    return registered->code != 0;
}

static const struct open_hash_kind kind = {
    .entry_bytes = sizeof(struct registered), .first_capacity = 2048, .hash = hash_of_entry};

static struct open_hash registry;

static size_t place_of(uintptr_t code)
{
    return (size_t)hash_mix(0, code) & (registry.capacity - 1);
}

/* The entry of `code`, or the empty one where it would go. */
static struct registered *find(uintptr_t code)
{
    struct registered *entries = registry.entries;
    size_t place = place_of(code);
    while (entries[place].code != 0 && entries[place].code != code) {
        place = (place + 1) & (registry.capacity - 1);
    }
    return &entries[place];
}

static uint64_t keep_text(const uint8_t *texts, uint32_t at, uint32_t bytes)
{
    return bytes == 0 ? 0 : ledger_text(&state.ledger, texts + at, bytes);
}

/* Store the facts of a function that are in `scratch`. */
static struct fil_code keep_facts(const struct fil_observed_frame *facts)
{
    return (struct fil_code){
        .filename = keep_text(scratch, facts->filename_at, facts->filename_bytes),
        .name = keep_text(scratch, facts->name_at, facts->name_bytes),
        .qualname = keep_text(scratch, facts->qualname_at, facts->qualname_bytes),
        .line_table = keep_text(scratch, facts->line_table_at, facts->line_table_bytes),
        .first_line = facts->first_line,
        .kind = FIL_CODE_FUNCTION,
    };
}

bool code_registry_imports(const uint8_t *filename, uint32_t bytes)
{
    static const char *const files[] = {"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (bytes == strlen(files[i]) && memcmp(filename, files[i], bytes) == 0) {
            return true;
        }
    }
    return false;
}

uint32_t code_registry_find(uintptr_t code)
{
    const struct registered *entry = registry.capacity == 0 ? NULL : find(code);
    return entry != NULL && entry->code == code ? entry->number : 0;
}

uint32_t code_registry_add(uintptr_t code, const struct fil_code *facts)
{
    if (!open_hash_make_room(&registry, &kind, NULL, &state.ledger.storage)) {
        return 0;
    }
    uint32_t *slot = block_slot_create(&state.ledger.blocks, &state.ledger.storage, code);
    if (slot == NULL) {
        return 0; /* its end would not be noticed */
    }
    uint32_t number = facts == NULL ? CODE_OF_IMPORTS : ledger_code(&state.ledger, facts);
    if (number == 0) {
        return 0;
    }
    block_set_mark(slot, BLOCK_OF_CODE, FIL_NODE_ROOT);
    struct registered *entry = find(code);
    registry.count += entry->code == 0 ? 1 : 0; /* without the GIL another thread may have been faster */
    entry->code = code;
    entry->number = number;
    return number;
}

uint32_t code_registry_number(uintptr_t code, uintptr_t frame)
{
    uint32_t number = code_registry_find(code);
    if (number != 0) {
        return number;
    }
    struct fil_observed_frame facts;
    struct text_buffer buffer = {.bytes = scratch, .capacity = SCRATCH_BYTES, .used = 0, .lacks = false};
    if (!code_facts_read(&walker.layout, &memory_that_is_there, code, &buffer, &facts)) {
        return 0;
    }
    if (code_registry_imports(scratch + facts.filename_at, facts.filename_bytes)) {
        return code_registry_add(code, NULL);
    }
    dynamic_code_find_file(frame, &buffer, &facts);
    if (buffer.lacks) {
        ledger_missed(&state.ledger, FIL_MISSED_TEXT);
    }
    struct fil_code kept = keep_facts(&facts);
    number = code_registry_add(code, &kept);
    bool qualified = walker.layout.code_qualname != 0;
    task_functions_meet(number, scratch + facts.filename_at, facts.filename_bytes,
                        scratch + (qualified ? facts.qualname_at : facts.name_at),
                        qualified ? facts.qualname_bytes : facts.name_bytes);
    return number;
}

uint32_t code_registry_child(uint32_t parent, uint32_t number, int32_t offset)
{
    if (number != CODE_OF_IMPORTS) {
        return ledger_child(&state.ledger, parent, number, offset);
    }
    const struct fil_node *above = ledger_node(&state.ledger, parent);
    bool within = above->code == 0 && above->offset == FIL_MARK_IMPORT;
    return within ? parent : ledger_child(&state.ledger, parent, 0, FIL_MARK_IMPORT);
}

void code_registry_end(void)
{
    open_hash_end(&registry, &kind, &state.ledger.storage);
}

void code_registry_forget(uintptr_t code)
{
    struct registered *entry = registry.capacity == 0 ? NULL : find(code);
    if (entry == NULL || entry->code == 0) {
        return;
    }
    /* Close the gap: entries that were displaced beyond this place move back. */
    struct registered *entries = registry.entries;
    size_t hole = (size_t)(entry - entries);
    size_t mask = registry.capacity - 1;
    for (size_t next = (hole + 1) & mask; entries[next].code != 0; next = (next + 1) & mask) {
        size_t home = place_of(entries[next].code);
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            entries[hole] = entries[next];
            hole = next;
        }
    }
    entries[hole].code = 0;
    registry.count -= 1;
}
