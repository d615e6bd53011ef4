/* What the kernel and malloc report of this process now, kept in the recording. */
#ifndef FIL_RSS_SAMPLE_H
#define FIL_RSS_SAMPLE_H

#include "fil_format.h"

/* While tracking is on. */
void rss_sample_take(enum fil_rss_sample_moment moment);
void rss_sample_take_peak(void);

#endif
