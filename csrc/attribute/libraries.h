/* Which library made a mapping: libraries with their own allocator map memory in advance and keep it. */
#ifndef FIL_LIBRARIES_H
#define FIL_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>

/* The node for a mapping of `bytes` that `caller`, an address of code, made while the calling thread's call stack was
 * `node`. If it is large enough to be the reserve of a library's allocator, the node includes the library. */
uint32_t libraries_node(uint32_t node, const void *caller, size_t bytes);

/* Tracking ends: forget the libraries. Called inside an event. */
void libraries_end(void);

/* The text of the path of the file that has `code`; 0 if it is unknown. Inside an event. */
uint64_t libraries_path(const void *code);

#endif
