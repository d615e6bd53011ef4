/* Where a process comes from that is not the one which the user has started. */
#ifndef FIL_ORIGIN_H
#define FIL_ORIGIN_H

#include <stdbool.h>

#include "fil_format.h"

/* Record it in the header of the recording at `path`, which has just begun. */
void origin_record(struct fil_header *header, const char *path, bool forked);

#endif
