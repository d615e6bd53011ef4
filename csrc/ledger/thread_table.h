/* The program's threads: the call stack of each one's last memory request, also at the peak, and its name.
 *
 * A thread's last call stack is updated by epochs, like a node's bytes (ledger.h). Threads are noted while the process
 * has, or had, more than one.
 */
#ifndef FIL_THREAD_TABLE_H
#define FIL_THREAD_TABLE_H

#include <stdint.h>

#include "fil_format.h"

/* `epoch` is the newest one in all of these. The calling thread's first memory request; its call stacks hang below
 * `start`. `name` has FIL_THREAD_NAME_BYTES bytes. NULL if no record is free. */
struct fil_thread *thread_table_begin(struct fil_threads *threads, uint32_t epoch, const char *name, uint32_t start);

/* It has ended: the record can be reused once it is no part of a peak. */
void thread_table_end(uint32_t epoch, struct fil_thread *thread);

/* The thread's call stacks hang below `mark`, permanently or for a while. */
void thread_table_link(struct fil_threads *threads, const struct fil_thread *thread, uint32_t mark);

/* The newest epoch is about to become 1, and all older ones 0. */
void thread_table_renumber(struct fil_threads *threads, uint32_t newest);

/* The thread has allocated memory at call stack `node`. */
static inline void thread_table_note(struct fil_threads *threads, uint32_t epoch, struct fil_thread *thread,
                                     uint32_t node)
{
    if (thread->epoch != epoch) {
        thread->at_peak_node = thread->node;
        thread->epoch = epoch;
    }
    if (threads->epoch != epoch) {
        threads->last_at_peak = threads->last;
        threads->epoch = epoch;
    }
    thread->node = node;
    threads->last = thread->number;
}

#endif
