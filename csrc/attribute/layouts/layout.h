/* Where a CPython keeps what a walk reads (struct fil_layout in fil_abi.h). For the versions in layouts.def a row is
 * written down, and build_tools/check_layouts.py compares it with the headers of the interpreters at hand. Later
 * versions publish most of it themselves: published.def says where. Any other is measured by the launcher. Whichever it
 * is, the launcher proves it against sys._getframe before anything relies on it. */
#ifndef FIL_LAYOUT_H
#define FIL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_abi.h"

/* The row for sys.hexversion; NULL if there is none. */
const struct fil_layout *layout_for_version(uint32_t python_version);

/* What the interpreter publishes at `table` (its _PyRuntime) of its own layout. Returns false if this is not the
 * version's table, or if the walk cannot deal with what it says. */
bool layout_published(uint32_t python_version, bool free_threaded, const void *table, struct fil_layout *layout);

#endif
