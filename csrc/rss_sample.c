#include "rss_sample.h"

#include <stdbool.h>

#include "interpose/real.h"
#include "platform/platform.h"
#include "state.h"

void rss_sample_take(enum fil_rss_sample_moment moment)
{
    struct fil_header *header = state.ledger.header;
    struct fil_rss_sample reading = {.mapped_files_bytes = FIL_NOT_KNOWN, .mapped_files_written = FIL_NOT_KNOWN};
    if (!platform_resident(&reading)) {
        return;
    }
    bool tells =
        moment != FIL_RSS_SAMPLE_PEAK && !real_malloc_is_replaced(); /* only the C library's reports what it keeps */
    reading.allocator_free_bytes = tells ? platform_allocator_free() : FIL_NOT_KNOWN;
    reading.clock_ns = platform_clock_ns();
    bool locked = state_enter();
    reading.tracked_bytes = header->current_bytes;
    reading.mapped_bytes = header->counters[FIL_COUNTER_MAPPINGS].current_bytes;
    if (header->counters[FIL_COUNTER_FILES].current_bytes == 0) {
        reading.mapped_files_bytes = reading.mapped_files_written = 0;
    }
    header->rss_samples[moment] = reading;
    state_leave(locked);
}

void rss_sample_take_peak(void)
{
    rss_sample_take(FIL_RSS_SAMPLE_PEAK);
}
