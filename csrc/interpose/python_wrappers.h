/* The functions that stand in front of the interpreter's allocators, by kind and domain. */
#ifndef FIL_PYTHON_WRAPPERS_H
#define FIL_PYTHON_WRAPPERS_H

#include <stddef.h>

#include "interpose/interpreter_calls.h"

#define SPACED 16u

/* Which functions replace a domain's. The last three are the twins of the first for one of several processes. */
enum kind {
    KIND_SMALL,
    KIND_FOLLOWED,
    KIND_SPACED,
    KIND_ANY,
    KINDS_ALONE,
    KIND_SMALL_COMBINED = KINDS_ALONE,
    KIND_FOLLOWED_COMBINED,
    KIND_SPACED_COMBINED,
    KINDS
};

/* RAW is malloc itself wherever pymalloc serves the others. */
extern const struct python_allocator python_wrappers[KINDS][3];

/* What they pass a domain's calls on to. Never changes while they are in place. */
extern struct python_allocator python_wrapped[3];

/* The smallest request to an allocator of unknown behavior: SPACED, or 0. */
extern size_t python_smallest_request;

#endif
