/* Which callstack owns an allocation that this thread makes now: the whole interface of attribution.
 *
 * Nothing happens on a Python call. At an allocation the thread's frames are compared with those of its last one, and
 * the node of the innermost frame is the answer. csrc/README.md says why the comparison has to go down to the root.
 */
#ifndef FIL_ATTRIBUTE_H
#define FIL_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/thread_origin.h"
#include "fil_abi.h"
#include "fil_format.h"

/* The ledger's node for the calling thread's callstack. Never fails: FIL_NODE_LOST stands for one that cannot be kept.
 */
uint32_t attribute_current_callstack(void);

/* The same where ready.h has found the thread's innermost frame (0: there is none), but not its callstack. */
uint32_t attribute_moved(uintptr_t innermost);

/* The origin of a thread that the calling thread is about to start. Outside malloc. */
struct thread_origin attribute_thread_start(void);

/* The same while tracking does not run: where a library's own thread belongs that is at work when it does. */
struct thread_origin attribute_idle_thread_start(void);

/* The calling thread begins. And ends: what it held can be used by others. */
void attribute_thread_begin(const struct thread_origin *origin);
void attribute_thread_end(void);

/* The block at `address`, which carried that mark in the block table, was freed. Called inside an event. */
__attribute__((cold, noinline)) void attribute_marked_block_freed(uintptr_t address, uint32_t mark);

/* Tracking begins: the calling thread's callstack is followed from here on. With the GIL. `finalization` is called,
 * once, when the interpreter's end has begun, by the thread that takes it down: inside an event, outside the lock. */
void attribute_begin(void (*finalization)(void));

/* Tracking has ended: what is cached is forgotten, and memory given back. Called inside an event. */
void attribute_end(void);

/* After that, outside of events: the calling thread's callstack is not followed any more. With the GIL. */
void attribute_leave(void);

/* Is there a way to find callstacks after tracking has ended once? */
bool attribute_may_begin_again(void);

/* Inside an event: `node`, which the calling thread found for itself just before it, or what has taken its place since.
 */
uint32_t attribute_revalidate(uint32_t node);

/* The calling thread's innermost frame, if it is of the code object at `code`, stays until the next call of this, and
 * with it all frames below: walks end there. `code` 0, attribute_end, attribute_finalizing: there is no such frame any
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
uint32_t attribute_python_version(void);
uint32_t attribute_stacks(void);
int32_t attribute_current(struct fil_observed_frame *frames, uint32_t capacity);

#endif
