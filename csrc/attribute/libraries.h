/* Which library made a mapping: those with an allocator of their own map memory in advance and keep it. */
#ifndef FIL_LIBRARIES_H
#define FIL_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>

/* The node for a mapping of `bytes` that `caller`, an address of code, made while the calling thread's callstack was
 * `node`. If it is large enough to be stock of an allocator inside a library, the library is told too. */
uint32_t libraries_node(uint32_t node, const void *caller, size_t bytes);

/* Tracking ends: forget which libraries were met. Called inside an event. */
void libraries_end(void);

/* The text of the path of the file that has `code`; 0 if it is not known. Inside an event. */
uint64_t libraries_path(const void *code);

#endif
