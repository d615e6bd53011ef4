/* Code objects seen in walks: address -> function number in the recording.
 *
 * Addresses are reused, so an address identifies a function only while its object lives: a registered object is marked
 * in the block table, and when its block is freed, code_registry_forget removes the entry. All calls happen inside an
 * event (state_enter).
 */
#ifndef FIL_CODE_REGISTRY_H
#define FIL_CODE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "fil_format.h"

/* The number of each function of the interpreter's import machinery. These functions are not in the recording. */
#define CODE_OF_IMPORTS UINT32_MAX

/* The number of the function of the live code object at `code`, which the frame at `frame` runs; 0 if it cannot be
 * recorded. */
uint32_t code_registry_number(uintptr_t code, uintptr_t frame);

/* The two halves of this, for facts from elsewhere: the number, 0 if the object was not seen yet; and its number from
 * now on. NULL instead of facts: it belongs to the import machinery. */
uint32_t code_registry_find(uintptr_t code);
uint32_t code_registry_add(uintptr_t code, const struct fil_code *facts);

/* Is this file (co_filename) part of the import machinery? Python leaves the same frames out of tracebacks. */
bool code_registry_imports(const uint8_t *filename, uint32_t bytes);

/* The node of `parent` continued by a frame of function `number`. All frames of one import share one node. */
uint32_t code_registry_child(uint32_t parent, uint32_t number, int32_t offset);

/* Tracking ends: forget everything. Called inside an event. */
void code_registry_end(void);

void code_registry_forget(uintptr_t code);

#endif
