/* Code objects met in walks: address -> function number in the recording.
 *
 * Addresses are reused, so an address says which function it is only while its object lives: a registered object is
 * marked in the block table, and when its block is freed, code_registry_forget takes the entry out.
 * All calls happen inside an event (state_enter).
 */
#ifndef FIL_CODE_REGISTRY_H
#define FIL_CODE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"

/* The number of each function of the interpreter's import machinery. They are no functions of the recording. */
#define CODE_OF_IMPORTS UINT32_MAX

/* The number of the function of the live code object at `code`, which the frame at `frame` runs; 0 if it cannot be
 * recorded. */
uint32_t code_registry_number(uintptr_t code, uintptr_t frame);

/* The two halves of it, for facts that come from elsewhere: 0 if it was not met yet; and its number from now on. NULL
 * in place of facts: it is of the import machinery. */
uint32_t code_registry_find(uintptr_t code);
uint32_t code_registry_add(uintptr_t code, const struct fil_code *facts);

/* Is that the file (co_filename) of the import machinery? Python leaves the same frames out of tracebacks. */
bool code_registry_imports(const uint8_t *filename, uint32_t bytes);

/* The node of `parent` continued by a frame of function `number`. The frames of one import have one node between them.
 */
uint32_t code_registry_child(uint32_t parent, uint32_t number, int32_t offset);

/* Tracking ends: forget all. Called inside an event. */
void code_registry_end(void);

void code_registry_forget(uintptr_t code);

#endif
