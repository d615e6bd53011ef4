/* Call stacks without reading the interpreter's memory: a profile function of the public API keeps, for each thread, a
 * list of the running frames. For a CPython whose layout cannot be verified. It costs time on every Python call. */
#ifndef FIL_SHADOW_STACK_H
#define FIL_SHADOW_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct shadow_stack;

/* Prepare. `pin_code`: the address of a code object is not that of its block, so its end would not be noticed. Returns
 * false if this process lacks the required functions of CPython. */
bool shadow_stack_prepare(bool pin_code);
bool shadow_stack_prepared(void);

/* The Python function that starts a shadow stack in any thread which calls it as a profile function. NULL: no memory.
 * The reference is borrowed. */
void *shadow_stack_starter(void);

/* Start one in the calling thread, from the caller of its current frame on. With the GIL. */
void shadow_stack_install(void);

/* Tracking has ended: remove the profile function from the calling thread, unless the program has set another. With the
 * GIL. */
void shadow_stack_remove(void);

/* The node of the calling thread's call stack below `start_node`; for use inside malloc. */
uint32_t shadow_stack_node(uint32_t start_node);

/* The calling thread ends. */
void shadow_stack_end(void);

#endif
