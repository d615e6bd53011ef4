#include "ledger/combined.h"

#include <stddef.h>

#define SHARE 1024u         /* all windows together are about one n-th of the best, */
#define LEAST_PROCESSES 8u  /* as if there were at least so many processes, since more may come, */
#define LEAST_WINDOW 16384u /* but each is at least this wide */
#define KIB_BITS 10u
#define HALF_BITS 32u

static uint64_t word_of(uint64_t best, uint64_t turns)
{
    return best << HALF_BITS | (uint32_t)turns;
}

static uint64_t read_word(const struct fil_processes *shared)
{
    COMBINED_STEP();
    return __atomic_load_n(&shared->word, __ATOMIC_ACQUIRE);
}

/* `seen` is updated if the word has changed meanwhile. */
static bool change_word(struct fil_processes *shared, uint64_t *seen, uint64_t wanted)
{
    COMBINED_STEP();
    return __atomic_compare_exchange_n(&shared->word, seen, wanted, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Returns the best that the turn has found. */
static uint32_t take_turn(struct fil_processes *shared)
{
    uint64_t word = read_word(shared);
    while (!change_word(shared, &word, word_of(word >> HALF_BITS, word + 1))) {
    }
    return (uint32_t)(word >> HALF_BITS);
}

static uint64_t sum_of_slots(const struct fil_processes *shared, uint32_t *processes)
{
    uint64_t sum = 0;
    *processes = 0;
    uint32_t used = __atomic_load_n(&shared->slots_used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < used && i < FIL_PROCESSES_KEPT; i++) {
        COMBINED_STEP();
        if (__atomic_load_n(&shared->slots[i].state, __ATOMIC_ACQUIRE) == FIL_SLOT_LIVE) {
            sum += __atomic_load_n(&shared->slots[i].total, __ATOMIC_ACQUIRE);
            *processes += 1;
        }
    }
    return sum;
}

/* Also a turn. */
static void look(struct combined *combined)
{
    struct fil_processes *shared = combined->shared;
    uint64_t word = read_word(shared);
    uint64_t best, sum;
    do {
        sum = sum_of_slots(shared, &combined->processes) >> KIB_BITS;
        sum = sum > UINT32_MAX ? UINT32_MAX : sum;
        best = word >> HALF_BITS;
    } while (!change_word(shared, &word, word_of(sum > best ? sum : best, word + 1)));
    if (sum > best) {
        shared->best_clock_ns = combined->clock_ns();
    }
}

/* A wider window than before, or a new process: what all windows together can be. */
static void tell_quota(struct combined *combined, uint64_t window)
{
    struct fil_processes *shared = combined->shared;
    uint64_t sum = 0;
    __atomic_store_n(&combined->slot->quota, window, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < __atomic_load_n(&shared->slots_used, __ATOMIC_SEQ_CST) && i < FIL_PROCESSES_KEPT; i++) {
        if (__atomic_load_n(&shared->slots[i].state, __ATOMIC_SEQ_CST) == FIL_SLOT_LIVE) {
            sum += __atomic_load_n(&shared->slots[i].quota, __ATOMIC_SEQ_CST);
        }
    }
    uint64_t told = __atomic_load_n(&shared->quotas, __ATOMIC_SEQ_CST);
    while (sum > told &&
           !__atomic_compare_exchange_n(&shared->quotas, &told, sum, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}

/* A power of two, so that it seldom changes. */
static uint64_t window_of(uint64_t best, uint64_t processes)
{
    uint64_t most = best / SHARE / (processes < LEAST_PROCESSES ? LEAST_PROCESSES : processes);
    uint64_t window = LEAST_WINDOW;
    while (window <= most / 2) {
        window *= 2;
    }
    return window;
}

/* A window around the total, which is shown. */
static void recentre(struct combined *combined, uint64_t total)
{
    uint64_t window = window_of((uint64_t)combined_best(combined) << KIB_BITS, combined->processes);
    combined->low = total < window / 2 ? 0 : total - window / 2;
    combined->high = total + window / 2;
    if (window > combined->slot->quota) {
        tell_quota(combined, window);
    }
}

static void show(const struct combined *combined, uint64_t total)
{
    COMBINED_STEP();
    __atomic_store_n(&combined->slot->total, total, __ATOMIC_RELEASE);
}

/* The event takes place when its turn does. */
static void keep_in_turn(struct combined *combined, const struct callstack_table *rows, uint32_t node)
{
    uint32_t best = take_turn(combined->shared);
    COMBINED_STEP();
    combined_keep(rows, node, best);
}

void combined_before_rise(struct combined *combined, const struct callstack_table *rows, uint32_t node)
{
    keep_in_turn(combined, rows, node);
}

void combined_after_rise(struct combined *combined, const struct fil_header *header)
{
    show(combined, header->current_bytes);
    look(combined);
    recentre(combined, header->current_bytes);
}

void combined_before_fall(struct combined *combined, const struct fil_header *header,
                          const struct callstack_table *rows, uint32_t node, uint64_t bytes)
{
    show(combined, header->current_bytes - bytes);
    keep_in_turn(combined, rows, node);
}

void combined_after_fall(struct combined *combined, const struct fil_header *header)
{
    recentre(combined, header->current_bytes);
}

void combined_begin(struct fil_processes *shared)
{
    static const uint8_t magic[] = FIL_PROCESSES_MAGIC;
    shared->version = FIL_FORMAT_VERSION;
    for (size_t i = 0; i < sizeof shared->magic; i++) {
        shared->magic[i] = magic[i];
    }
}

/* A slot that nobody else has; NULL if there is none. */
static struct fil_slot *claim(struct fil_processes *shared)
{
    for (uint32_t i = 0; i < FIL_PROCESSES_KEPT; i++) {
        uint32_t free = FIL_SLOT_FREE;
        if (__atomic_compare_exchange_n(&shared->slots[i].state, &free, FIL_SLOT_CLAIMED, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            uint32_t used = __atomic_load_n(&shared->slots_used, __ATOMIC_ACQUIRE);
            while (used <= i && !__atomic_compare_exchange_n(&shared->slots_used, &used, i + 1, false, __ATOMIC_ACQ_REL,
                                                             __ATOMIC_ACQUIRE)) {
            }
            return &shared->slots[i];
        }
    }
    return NULL;
}

/* The first process brings its own peak so far. */
static void bring_peak(const struct combined *combined, struct fil_header *header)
{
    struct fil_processes *shared = combined->shared;
    uint64_t peak = (header_rises(header) ? header->current_bytes : header->peak_bytes) >> KIB_BITS;
    peak = peak > UINT32_MAX ? UINT32_MAX : peak;
    uint64_t word = read_word(shared);
    if (word != 0) {
        return; /* it is not the first */
    }
    header->alone_best = (uint32_t)peak;
    shared->best_clock_ns = header_rises(header) ? combined->clock_ns() : header->peak_clock_ns;
    (void)change_word(shared, &word, word_of(peak, 1));
}

bool combined_enter(struct combined *combined, struct fil_processes *shared, struct fil_header *header, uint32_t pid,
                    uint64_t (*clock_ns)(void))
{
    struct fil_slot *slot = claim(shared);
    if (slot == NULL) {
        return false;
    }
    *combined = (struct combined){.shared = shared, .slot = slot, .clock_ns = clock_ns};
    header->slot = (uint32_t)(slot - shared->slots) + 1;
    slot->pid = pid;
    slot->quota = 0;
    slot->born_best = header->born_best = combined_best(combined);
    slot->ended_best = 0;
    slot->total = header->current_bytes;
    bring_peak(combined, header);
    COMBINED_STEP();
    __atomic_store_n(&slot->state, FIL_SLOT_LIVE, __ATOMIC_RELEASE);
    look(combined);
    recentre(combined, header->current_bytes);
    return true;
}

void combined_ended(struct fil_processes *shared, uint32_t slot)
{
    COMBINED_STEP();
    uint32_t state = __atomic_load_n(&shared->slots[slot].state, __ATOMIC_ACQUIRE);
    while (state == FIL_SLOT_CLAIMED || state == FIL_SLOT_LIVE) {
        if (__atomic_compare_exchange_n(&shared->slots[slot].state, &state, FIL_SLOT_ENDED, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            shared->slots[slot].ended_best = take_turn(shared);
            return;
        }
    }
}
