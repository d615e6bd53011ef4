/* Functions that were sent from one process to another, or through a file: cloudpickle leaves their file's name out of
 * their code, so that equal functions are equal bytes. But their globals still have it, and their lines are that
 * file's. */
#ifndef FIL_DYNAMIC_CODE_H
#define FIL_DYNAMIC_CODE_H

#include <stdint.h>

#include "attribute/code_facts.h"

/* If the function of these facts, whose frame is at `frame`, has no file but its globals name one: make this the
 * function's file. The text is appended to `buffer`, like the others. */
void dynamic_code_find_file(uintptr_t frame, struct text_buffer *buffer, struct fil_observed_frame *facts);

#endif
