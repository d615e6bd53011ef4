/* Threads that add and take blocks and ranges through the same steps as the hooks take. Prints the total and the peak
 * of the ledger, and each thread's node's bytes; built with the thread sanitizer. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "state.h"

enum { THREADS = 6, ROUNDS = 4000, LIVE = 32 };

struct state state;

static struct fil_header header;

static void *take(size_t bytes)
{
    return platform_map_pages(bytes);
}

static void give(void *pages, size_t bytes)
{
    platform_unmap_pages(pages, bytes);
}

static void platform_empty(void *pages, size_t bytes)
{
    platform_empty_pages(pages, bytes);
}

static struct fil_nodes *next_nodes(void)
{
    return platform_map_pages(sizeof(struct fil_nodes));
}

static struct fil_code *next_codes(void)
{
    return NULL;
}

static uint8_t *next_text(size_t bytes, uint64_t *offset, size_t *room)
{
    (void)bytes;
    (void)offset;
    (void)room;
    return NULL;
}

static uint64_t clock_ns(void)
{
    return platform_coarse_clock_ns();
}

static void *work(void *argument)
{
    uint32_t number = *(const uint32_t *)argument;
    bool locked = state_enter();
    uint32_t node = ledger_child(&state.ledger, FIL_NODE_ROOT, number + 1, 0);
    state_leave(locked);
    void *live[LIVE] = {NULL};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t place = round % LIVE;
        size_t bytes = 64 + (size_t)(round * 37u % 900u);
        if (live[place] != NULL) { /* as free does: look without the lock, take with it */
            uint32_t *slot = block_slot(&state.ledger.blocks, (uintptr_t)live[place]);
            if (slot == NULL || slot[0] == 0) {
                abort();
            }
            locked = state_enter();
            (void)ledger_take_block(&state.ledger, slot);
            state_leave(locked);
            free(live[place]);
        }
        live[place] = malloc(bytes);
        locked = state_enter();
        ledger_add_block(&state.ledger, (uintptr_t)live[place], bytes, node);
        if (round % 16 == 0) {
            uintptr_t range = (uintptr_t)0x600000000000 + ((uintptr_t)number << 32) + round * 4096u;
            ledger_add_range(&state.ledger, range, 8192, node);
            (void)ledger_remove_range(&state.ledger, range + 4096, 4096);
        }
        state_leave(locked);
    }
    return NULL;
}

int main(void)
{
    const struct ledger_storage storage = {
        .map_pages = take,
        .map_table = take,
        .unmap_pages = give,
        .empty_pages = platform_empty,
        .next_node_segment = next_nodes,
        .next_code_segment = next_codes,
        .next_text_segment = next_text,
        .clock_ns = clock_ns,
    };
    pthread_t threads[THREADS];
    uint32_t numbers[THREADS];
    if (!ledger_init(&state.ledger, &header, &storage)) {
        return 1;
    }
    state.threads = true;
    for (uint32_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0) {
            return 1;
        }
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    uint64_t expected_blocks = 0;
    for (uint32_t round = ROUNDS - LIVE; round < ROUNDS; round++) {
        expected_blocks += 64 + round * 37u % 900u;
    }
    printf("%llu %llu %llu\n", (unsigned long long)header.current_bytes, (unsigned long long)header.peak_bytes,
           (unsigned long long)(THREADS * (expected_blocks + ROUNDS / 16 * 4096u)));
    return 0;
}
