/* Which call stack owns an allocation that this thread makes now: the whole interface of attribution.
 *
 * Python calls cost nothing. At an allocation the thread's frames are compared with those of its last one, and the
 * result is the node of the innermost frame. csrc/README.md explains why the comparison has to go down to the root.
 */
#ifndef FIL_ATTRIBUTE_H
#define FIL_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/thread_origin.h"
#include "fil_abi.h"
#include "fil_format.h"

/* The ledger's node for the calling thread's call stack. Never fails: FIL_NODE_LOST represents one that cannot be
 * stored. */
uint32_t attribute_current_callstack(void);

/* The same if fast_path.h has found the thread's innermost frame (0: none), but not its call stack. */
uint32_t attribute_moved(uintptr_t innermost);

/* The origin of a thread that the calling thread is about to start. Outside malloc. */
struct thread_origin attribute_thread_start(void);

/* The same while tracking is off: for a library's own thread that still runs when tracking begins. */
struct thread_origin attribute_idle_thread_start(void);

/* The calling thread begins, or ends: its context can be reused. */
void attribute_thread_begin(const struct thread_origin *origin);
void attribute_thread_end(void);

/* The block at `address`, with that mark in the block table, was freed. Called inside an event. */
__attribute__((cold, noinline)) void attribute_marked_block_freed(uintptr_t address, uint32_t mark);

/* Tracking begins: follow the calling thread's call stack from now on. With the GIL. Once interpreter shutdown has
 * begun, the thread that does it calls `finalization`, inside an event, outside the lock. */
void attribute_begin(void (*finalization)(void));

/* Tracking has ended: clear caches and release memory. Called inside an event. */
void attribute_end(void);

/* After that, outside of events: stop following the calling thread's call stack. With the GIL. */
void attribute_leave(void);

/* Can call stacks still be found after tracking has ended once? */
bool attribute_may_begin_again(void);

/* Inside an event: `node`, which the calling thread found just before it, or the node that has replaced it since. */
uint32_t attribute_revalidate(uint32_t node);

/* Walks end at the calling thread's innermost frame, if it is of the code object at `code`, until this is called again:
 * it and all frames below it do not change. `code` 0, attribute_end, attribute_finalizing: there is no such frame any
 * more. Outside of events, with the GIL. */
void attribute_base(uintptr_t code);

/* Only the calling thread's frames may be walked from now on. */
void attribute_finalizing(void);

/* See fil_abi.h: the functions behind fil_select_layout, fil_use_layout, fil_observe_stack, fil_accept_layout,
 * fil_current_callstack. */
int32_t attribute_select_layout(uint32_t python_version, uint32_t free_threaded);
int32_t attribute_use_layout(uint32_t python_version, const struct fil_layout *layout);
int32_t attribute_observe(struct fil_observed_frame *frames, uint32_t capacity, uint8_t *text, uint32_t text_capacity);
int32_t attribute_use_profile_function(uint32_t python_version, bool pin_code);
void *attribute_thread_starter(void);
void attribute_accept_layout(void);
bool attribute_accepted(void);

/* Which layout was chosen and accepted, for another process with the same interpreter; false if none was. */
struct attribute_choice {
    uint32_t python_version, free_threaded;
    uint32_t stacks; /* enum fil_stacks */
    struct fil_layout layout;
};
bool attribute_chosen(struct attribute_choice *choice);
/* Make the same choice, and accept it: returns FIL_OK or a negative fil_status. */
int32_t attribute_choose(const struct attribute_choice *choice);

uint32_t attribute_python_version(void);
uint32_t attribute_stacks(void);
int32_t attribute_current(struct fil_observed_frame *frames, uint32_t capacity);

#endif
