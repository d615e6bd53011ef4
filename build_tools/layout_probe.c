/* Prints what csrc/attribute/layouts/layouts.def says of one interpreter, computed from that interpreter's own headers.
 * Compiled by check_layouts.py against each interpreter; no part of the library. */
#define Py_BUILD_CORE 1
#include <Python.h>

#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>
#if PY_VERSION_HEX >= 0x030b0000
#include <internal/pycore_code.h>
#include <internal/pycore_frame.h>
#else
#include <code.h>
#endif

#define AT(type, field) (int)offsetof(type, field)

#if PY_VERSION_HEX >= 0x030d0000
#define FORM "INSTRUCTION_POINTER"
#define CFRAME 0
#define FRAME AT(PyThreadState, current_frame)
#define CODE AT(_PyInterpreterFrame, f_executable)
#define INSTRUCTION AT(_PyInterpreterFrame, instr_ptr)
#elif PY_VERSION_HEX >= 0x030b0000
#define FORM "INSTRUCTION_POINTER"
#define CFRAME AT(PyThreadState, cframe)
#define FRAME AT(_PyCFrame, current_frame)
#define CODE AT(_PyInterpreterFrame, f_code)
#define INSTRUCTION AT(_PyInterpreterFrame, prev_instr)
#elif PY_VERSION_HEX >= 0x030a0000
#define FORM "INSTRUCTION_INDEX_UNITS"
#else
#define FORM "INSTRUCTION_INDEX_BYTES"
#endif

#if PY_VERSION_HEX >= 0x030b0000
#define PREVIOUS AT(_PyInterpreterFrame, previous)
#define LOCALS AT(_PyInterpreterFrame, localsplus)
#define OWNER AT(_PyInterpreterFrame, owner)
#define SHIM 3
#define CHUNK AT(PyThreadState, datastack_chunk)
#define QUALNAME AT(PyCodeObject, co_qualname)
#define BYTECODE AT(PyCodeObject, co_code_adaptive)
#define FIRST_TRACEABLE AT(PyCodeObject, _co_firsttraceable)
_Static_assert(BYTECODE - FIRST_TRACEABLE == 16, "layout.c takes this for granted");
_Static_assert(offsetof(_PyStackChunk, previous) == 0, "layout.c takes this for granted");
_Static_assert(offsetof(_PyStackChunk, size) == 8, "layout.c takes this for granted");
#else
#define CFRAME 0
#define FRAME AT(PyThreadState, frame)
#define PREVIOUS AT(PyFrameObject, f_back)
#define CODE AT(PyFrameObject, f_code)
#define INSTRUCTION AT(PyFrameObject, f_lasti)
#define LOCALS AT(PyFrameObject, f_localsplus)
#define OWNER 0
#define SHIM 0
#define CHUNK 0
#define QUALNAME 0
#define BYTECODE 0
#define FIRST_TRACEABLE 0
#endif

#if PY_VERSION_HEX >= 0x030a0000
#define LINE_TABLE AT(PyCodeObject, co_linetable)
#else
#define LINE_TABLE AT(PyCodeObject, co_lnotab)
#endif

_Static_assert(offsetof(PyASCIIObject, length) == 16, "layout.c takes this for granted");
_Static_assert(offsetof(PyASCIIObject, state) == 32, "layout.c takes this for granted");
_Static_assert(offsetof(PyVarObject, ob_size) == 16, "layout.c takes this for granted");
_Static_assert(offsetof(PyBytesObject, ob_sval) == 32, "layout.c takes this for granted");

struct field {
    const char *name;
    int offset; /* 0: the row leaves it out */
};

int main(void)
{
    const struct field fields[] = {
        {"state_cframe", CFRAME},
        {"state_frame", FRAME},
        {"frame_previous", PREVIOUS},
        {"frame_code", CODE},
        {"frame_instruction", INSTRUCTION},
        {"frame_locals", LOCALS},
        {"frame_owner", OWNER},
        {"shim_owner", SHIM},
        {"state_chunk", CHUNK},
        {"code_filename", AT(PyCodeObject, co_filename)},
        {"code_name", AT(PyCodeObject, co_name)},
        {"code_qualname", QUALNAME},
        {"code_first_line", AT(PyCodeObject, co_firstlineno)},
        {"code_line_table", LINE_TABLE},
        {"code_bytecode", BYTECODE},
        {"code_first_traceable", FIRST_TRACEABLE},
        {"text_ascii", (int)sizeof(PyASCIIObject)},
        {"text_compact", (int)sizeof(PyCompactUnicodeObject)},
    };
    printf("LAYOUT(%d, .form = %s", PY_MINOR_VERSION, FORM);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].offset != 0) {
            printf(", .%s = %d", fields[i].name, fields[i].offset);
        }
    }
    printf(")\n");
    return 0;
}
