/* Callstacks without reading the interpreter's memory: a profile function of the public API keeps, for each thread, a
 * list of the frames that run. For a CPython whose layout cannot be proved. It costs time on every Python call. */
#ifndef FIL_SHADOW_STACK_H
#define FIL_SHADOW_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct shadow_stack;

/* Get ready. `pin_code`: the address of a code object is not that of its block, so its end would not be heard of.
 * Returns false if this process has not the functions of CPython that are needed. */
bool shadow_stack_prepare(bool pin_code);
bool shadow_stack_prepared(void);

/* The Python function that gives a thread in which it is called, as a profile function, a shadow stack. NULL: no
 * memory. The reference is borrowed. */
void *shadow_stack_starter(void);

/* Give the calling thread one, from the caller of its current frame on. With the GIL. */
void shadow_stack_install(void);

/* Tracking has ended: take the profile function off the calling thread, unless the program has set another. With the
 * GIL. */
void shadow_stack_remove(void);

/* The node of the calling thread's callstack below `start_node`; for use inside malloc. */
uint32_t shadow_stack_node(uint32_t start_node);

/* The calling thread ends. */
void shadow_stack_end(void);

#endif
