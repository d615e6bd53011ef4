/* Where a CPython keeps what a walk reads (struct fil_layout in fil_abi.h). layouts.def lists the older versions, and
 * build_tools/check_layouts.py compares it with the headers of the interpreters at hand. Later versions publish most of
 * it themselves: published.def has the places. Any other version is measured at start-up. In all cases bootstrap.py
 * verifies the layout against sys._getframe before anything relies on it. */
#ifndef FIL_LAYOUT_H
#define FIL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_abi.h"

/* The row for sys.hexversion; NULL if there is none. */
const struct fil_layout *layout_for_version(uint32_t python_version);

/* What the interpreter publishes at `table` (its _PyRuntime) of its own layout. Returns false if this is not the
 * version's table, or if the walk does not support it. */
bool layout_published(uint32_t python_version, bool free_threaded, const void *table, struct fil_layout *layout);

#endif
