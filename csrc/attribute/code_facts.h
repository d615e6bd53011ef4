/* What a code object contains: names, first line, line table, read from memory. */
#ifndef FIL_CODE_FACTS_H
#define FIL_CODE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/layouts/layout.h"
#include "fil_abi.h"

/* Copies memory at any address; false if it cannot be read. */
typedef bool memory_reader(void *context, void *into, uintptr_t address, size_t bytes);

struct memory {
    memory_reader *read;
    void *context; /* for `read` */
};

/* Memory that is known to be readable. */
extern const struct memory memory_that_is_there;

/* A buffer for texts: `used` of `capacity` bytes are in use. */
struct text_buffer {
    uint8_t *bytes;
    uint32_t capacity;
    uint32_t used;
    bool lacks; /* a text of the code object could not be stored */
};

/* Fill in `facts` (all but offset) for the code object at `code`, appending its texts to `buffer`. A text that does not
 * fit or is of an unknown kind is left empty. Returns false if something cannot be read. */
bool code_facts_read(const struct fil_layout *layout, const struct memory *memory, uintptr_t code,
                     struct text_buffer *buffer, struct fil_observed_frame *facts);

/* Append a text object to `buffer`, as UTF-8. Returns false if it cannot be read. */
bool code_facts_text(const struct fil_layout *layout, const struct memory *memory, uintptr_t text,
                     struct text_buffer *buffer);

/* Bytes from the start of the bytecode, for a frame at `instruction` (an index or an address, depending on the
 * layout). */
int32_t code_offset(const struct fil_layout *layout, uintptr_t code, uintptr_t instruction);

#endif
