/* Code objects met in walks: address -> function number in the recording.
 *
 * Addresses are reused, so an address says which function it is only while its object lives: a registered object is
 * marked in the block table, and when its block is freed, code_registry_forget takes the entry out.
 * All calls happen inside an event (state_enter).
 */
#ifndef FIL_CODE_REGISTRY_H
#define FIL_CODE_REGISTRY_H

#include <stdint.h>

#include "fil_format.h"

/* The number of the function of the live code object at `code`, which the frame at `frame` runs; 0 if it cannot be
 * recorded. */
uint32_t code_registry_number(uintptr_t code, uintptr_t frame);

/* The two halves of it, for facts that come from elsewhere: 0 if it was not met yet; and its number from now on. */
uint32_t code_registry_find(uintptr_t code);
uint32_t code_registry_add(uintptr_t code, const struct fil_code *facts);

/* Tracking ends: forget all. Called inside an event. */
void code_registry_end(void);

void code_registry_forget(uintptr_t code);

#endif
