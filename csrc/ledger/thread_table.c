#include "ledger/thread_table.h"

#include <stdbool.h>
#include <stddef.h>

#include "ledger/epochs.h"
#include "ledger/hash.h"

#define PROBES 32u /* places that are searched for a link */

/* A record that no peak needs: never used, or of a thread that had ended before the newest peak. */
static struct fil_thread *free_record(struct fil_threads *threads, uint32_t epoch)
{
    struct fil_thread *ended = NULL;
    for (uint32_t at = 0; at < FIL_THREADS_KEPT; at++) {
        struct fil_thread *thread = &threads->threads[at];
        if (thread->number == 0) {
            return thread;
        }
        bool at_peak = thread->epoch == epoch && thread->at_peak_node != FIL_NODE_NONE;
        if (ended == NULL && thread->ended != 0 && !at_peak) {
            ended = thread;
        }
    }
    return ended;
}

struct fil_thread *thread_table_begin(struct fil_threads *threads, uint32_t epoch, const char *name, uint32_t start)
{
    struct fil_thread *thread = free_record(threads, epoch);
    threads->begun += 1;
    if (thread != NULL) {
        *thread = (struct fil_thread){.number = threads->begun, .epoch = epoch, .start = start};
        for (uint32_t i = 0; i < FIL_THREAD_NAME_BYTES; i++) {
            thread->name[i] = (uint8_t)name[i];
        }
        thread_table_link(threads, thread, start);
    }
    return thread;
}

void thread_table_end(uint32_t epoch, struct fil_thread *thread)
{
    if (thread->epoch != epoch) {
        thread->at_peak_node = thread->node;
        thread->epoch = epoch;
    }
    thread->node = FIL_NODE_NONE;
    thread->ended = 1;
}

void thread_table_link(struct fil_threads *threads, const struct fil_thread *thread, uint32_t mark)
{
    uint64_t hash = hash_mix(mark, thread->number);
    for (uint32_t probe = 0; probe < PROBES && mark >= FIL_NODE_FIRST; probe++) {
        struct fil_thread_link *link = &threads->links[(hash + probe) % FIL_THREAD_LINKS_KEPT];
        if (link->mark == mark && link->thread == thread->number) {
            return;
        }
        if (link->mark == 0) {
            *link = (struct fil_thread_link){.mark = mark, .thread = thread->number};
            return;
        }
    }
}

void thread_table_renumber(struct fil_threads *threads, uint32_t newest)
{
    threads->epoch = epoch_renumbered(threads->epoch, newest);
    for (uint32_t at = 0; at < FIL_THREADS_KEPT; at++) {
        threads->threads[at].epoch = epoch_renumbered(threads->threads[at].epoch, newest);
    }
}
