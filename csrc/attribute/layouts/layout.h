/* Where a CPython keeps what a walk reads: byte offsets, one row per minor version. Data only; layouts.def has the rows,
 * build_tools/check_layouts.py compares them with the headers of the interpreters at hand, and the launcher proves the
 * chosen row against sys._getframe before anything relies on it. */
#ifndef FIL_LAYOUT_H
#define FIL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* How a frame says which instruction it is at. */
enum instruction_form {
    INSTRUCTION_INDEX_BYTES, /* an int: bytes from the start of the bytecode (to 3.9) */
    INSTRUCTION_INDEX_UNITS, /* an int: units of two bytes (3.10) */
    INSTRUCTION_POINTER      /* an address inside the code object (3.11 on) */
};

struct frame_layout {
    uint8_t minor_version; /* of CPython 3 */
    uint8_t form;          /* enum instruction_form */

    /* From the thread state to the innermost frame: straight, or by way of a "cframe" (0: straight). */
    uint16_t state_cframe;
    uint16_t state_frame; /* offset in the cframe, or in the thread state */

    uint16_t frame_previous;
    uint16_t frame_code;
    uint16_t frame_instruction;
    uint16_t frame_owner; /* a byte; 0: frames have no owner */
    uint8_t shim_owner;   /* frames whose owner is this or more belong to no Python function */

    /* The chunk of memory that holds the thread's newest frames (0: none), and its fields. */
    uint16_t state_chunk;
    uint16_t chunk_previous;
    uint16_t chunk_size;

    uint16_t code_filename;
    uint16_t code_name;
    uint16_t code_qualname; /* 0: none */
    uint16_t code_first_line;
    uint16_t code_line_table;
    uint16_t code_bytecode; /* 0: bytecode is not inside the code object */

    uint16_t text_length;
    uint16_t text_state;
    uint16_t text_ascii;   /* where the characters of a compact ASCII text begin */
    uint16_t text_compact; /* and those of any other compact text */
    uint16_t bytes_size;
    uint16_t bytes_data;
};

/* The row for sys.hexversion; NULL if there is none. */
const struct frame_layout *layout_for_version(uint32_t python_version);

#endif
