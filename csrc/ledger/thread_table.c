#include "ledger/thread_table.h"

#include <stddef.h>

#include "ledger/hash.h"
#include "ledger/ledger.h"

#define PROBES 32u /* places that are looked at for a link */

/* A record that no peak needs: never used, or of a thread that had ended before the newest one. */
static struct fil_thread *free_record(struct ledger *ledger)
{
    struct fil_threads *threads = ledger->threads;
    struct fil_thread *ended = NULL;
    for (uint32_t at = 0; at < FIL_THREADS_KEPT; at++) {
        struct fil_thread *thread = &threads->threads[at];
        if (thread->number == 0) {
            return thread;
        }
        bool at_peak = thread->epoch == ledger->header->epoch && thread->at_peak_node != FIL_NODE_NONE;
        if (ended == NULL && thread->ended != 0 && !at_peak) {
            ended = thread;
        }
    }
    return ended;
}

struct fil_thread *ledger_thread_begin(struct ledger *ledger, const char *name, uint32_t start)
{
    if (ledger->threads == NULL) {
        return NULL;
    }
    struct fil_thread *thread = free_record(ledger);
    ledger->threads->begun += 1;
    if (thread != NULL) {
        *thread = (struct fil_thread){
            .number = ledger->threads->begun, .epoch = ledger->header->epoch, .start = start};
        for (uint32_t i = 0; i < FIL_THREAD_NAME_BYTES; i++) {
            thread->name[i] = (uint8_t)name[i];
        }
        ledger_thread_link(ledger, thread, start);
    }
    return thread;
}

void ledger_thread_end(struct ledger *ledger, struct fil_thread *thread)
{
    if (thread->epoch != ledger->header->epoch) {
        thread->at_peak_node = thread->node;
        thread->epoch = ledger->header->epoch;
    }
    thread->node = FIL_NODE_NONE;
    thread->ended = 1;
}

void ledger_thread_link(struct ledger *ledger, const struct fil_thread *thread, uint32_t mark)
{
    uint64_t hash = hash_mix(mark, thread->number);
    for (uint32_t probe = 0; probe < PROBES && mark >= FIL_NODE_FIRST; probe++) {
        struct fil_thread_link *link = &ledger->threads->links[(hash + probe) % FIL_THREAD_LINKS_KEPT];
        if (link->mark == mark && link->thread == thread->number) {
            return;
        }
        if (link->mark == 0) {
            *link = (struct fil_thread_link){.mark = mark, .thread = thread->number};
            return;
        }
    }
}

void ledger_renumber_threads(struct ledger *ledger)
{
    struct fil_threads *threads = ledger->threads;
    uint32_t newest = ledger->header->epoch;
    if (threads == NULL) {
        return;
    }
    threads->epoch = threads->epoch == newest;
    for (uint32_t at = 0; at < FIL_THREADS_KEPT; at++) {
        threads->threads[at].epoch = threads->threads[at].epoch == newest;
    }
}
