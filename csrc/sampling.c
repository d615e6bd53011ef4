/* The first points are close together. Whenever there is no room for more, every second one is dropped and the interval
 * doubles. The thread makes no event: it calls nothing that allocates. */
#include "sampling.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"
#include "platform/platform.h"
#include "state.h"

#define FIRST_PAUSE_NS 25000000u
#define STACK_BYTES (256u << 10)

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running; /* there is a thread to wait for */
    bool wanted;
    void (*take_peak_rss_sample)(void);
} sampling = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Drop every second point. If the process is killed just now, a reader finds fewer. */
static void drop_half(struct fil_header *header, uint32_t count)
{
    __atomic_store_n(&header->sample_count, 0, __ATOMIC_RELEASE);
    for (uint32_t at = 0; at < count; at += 2) {
        header->samples[at / 2] = header->samples[at];
    }
    __atomic_store_n(&header->sample_count, (count + 1) / 2, __ATOMIC_RELEASE);
}

/* Add a point; returns the pause after it. `*best`: the most bytes that were live at a point. */
static uint64_t take(uint64_t pause, uint64_t *best)
{
    struct fil_header *header = state.ledger.header;
    struct fil_rss_sample reading = {.clock_ns = 0};
    if (!platform_resident(&reading)) {
        return pause;
    }
    uint32_t count = header->sample_count;
    count = count < FIL_SAMPLES_KEPT ? count : FIL_SAMPLES_KEPT; /* other processes can write there */
    if (count == FIL_SAMPLES_KEPT) {
        drop_half(header, count);
        count = (count + 1) / 2;
        pause *= 2;
    }
    struct fil_sample *sample = &header->samples[count];
    sample->clock_ns = platform_clock_ns();
    sample->tracked_bytes = __atomic_load_n(&header->current_bytes, __ATOMIC_RELAXED);
    sample->resident_bytes = reading.anonymous_bytes + reading.file_bytes + reading.shared_bytes;
    __atomic_store_n(&header->sample_count, count + 1, __ATOMIC_RELEASE);
    if (sample->tracked_bytes > *best) {
        *best = sample->tracked_bytes;
        sampling.take_peak_rss_sample();
    }
    return pause;
}

static void *run(void *unused)
{
    (void)unused;
    platform_own_descriptors();
    uint64_t pause = FIRST_PAUSE_NS;
    uint64_t best = 0;
    pthread_mutex_lock(&sampling.lock);
    while (sampling.wanted) {
        pause = take(pause, &best);
        while (sampling.wanted && platform_condition_wait(&sampling.wake, &sampling.lock, pause)) {
        }
    }
    pthread_mutex_unlock(&sampling.lock);
    return NULL;
}

static int start(thread_starter *start_thread)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    platform_condition_begin(&sampling.wake);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);        /* no handler of the program's runs in this thread */
    sigdelset(&all, SIGBUS); /* but its own, if the recording is truncated, would end the process */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = start_thread(&sampling.thread, &attributes, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return status;
}

void sampling_begin(thread_starter *start_thread, void (*take_peak_rss_sample)(void))
{
    sampling.take_peak_rss_sample = take_peak_rss_sample;
    sampling.wanted = true;
    sampling.running = start(start_thread) == 0;
}

void sampling_end(void)
{
    if (sampling.running) {
        pthread_mutex_lock(&sampling.lock);
        sampling.wanted = false;
        pthread_cond_signal(&sampling.wake);
        pthread_mutex_unlock(&sampling.lock);
        pthread_join(sampling.thread, NULL);
        sampling.running = false;
    }
}

void sampling_before_fork(void)
{
    if (state.tracking && sampling.running && (!state.threads || platform_thread_count() == 2)) {
        sampling_end();
        (void)platform_is_single_threaded(); /* the kernel takes a moment to forget it */
    }
}
