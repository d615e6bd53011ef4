/* Every function that the library exports to Python, the statuses they answer, and the names they share.
 *
 * Python's side of this file, filprofiler/_abi.py, is generated from it by build_tools/generate_abi.py. Any change here
 * that an older _abi.py would misread raises FIL_ABI_VERSION; the library's user compares it before any other call.
 */
#ifndef FIL_ABI_H
#define FIL_ABI_H

#include <stdint.h>

#define FIL_ABI_VERSION 4u

#define FIL_EXPORT __attribute__((visibility("default")))

/* Answers of the functions below that return int32_t. Negative numbers are failures. */
enum fil_status {
    FIL_OK = 0,
    FIL_ERROR_NOT_PRELOADED = -1,    /* the library was loaded, but its hooks are not in front of the C library's */
    FIL_ERROR_NO_PYTHON = -2,        /* a function of CPython that is needed was not found in this process */
    FIL_ERROR_UNKNOWN_LAYOUT = -3,   /* no frame layout is known for this interpreter */
    FIL_ERROR_UNREADABLE_STACK = -4, /* the layout led to memory that cannot be read: it does not fit */
    FIL_ERROR_NOT_PROVED = -5,       /* fil_start before fil_accept_layout */
    FIL_ERROR_RECORDING = -6,        /* the recording could not be opened, grown or mapped: see fil_last_errno */
    FIL_ERROR_MEMORY = -7,           /* no memory for the tables */
    FIL_ERROR_STARTED = -8,          /* tracking runs already, or cannot begin again */
    FIL_ERROR_CHILD = -9             /* this process was forked from the one into which the library was loaded */
};

/* How a frame says which instruction it is at. */
enum fil_instruction_form {
    INSTRUCTION_INDEX_BYTES = 0, /* an int: bytes from the start of the bytecode (to 3.9) */
    INSTRUCTION_INDEX_UNITS = 1, /* an int: units of two bytes (3.10) */
    INSTRUCTION_POINTER = 2      /* an address inside the code object (3.11 on) */
};

/* Where one CPython keeps what a walk reads: offsets in bytes. */
struct fil_layout {
    uint16_t minor_version;     /* of CPython 3 */
    uint16_t form;              /* enum fil_instruction_form */
    uint16_t state_cframe;      /* thread state: the "cframe" that leads to the innermost frame; 0: straight to it */
    uint16_t state_frame;       /* cframe, or thread state: the innermost frame */
    uint16_t frame_previous;    /* frame: the one that called it */
    uint16_t frame_code;        /* frame: its code object, perhaps with a tag in the two lowest bits */
    uint16_t frame_instruction; /* frame: see form */
    uint16_t frame_locals;      /* frame: its variables, arguments first, perhaps with such a tag too; 0: unknown */
    uint16_t frame_owner;       /* frame: a byte; 0: frames have no owner */
    uint16_t shim_owner;        /* frames whose owner is this or more belong to no Python function */
    uint16_t state_chunk;       /* thread state: the chunk of memory with the thread's newest frames; 0: unknown */
    uint16_t chunk_previous;    /* chunk: the one before */
    uint16_t chunk_size;        /* chunk: its size in bytes */
    uint16_t code_filename;
    uint16_t code_name;
    uint16_t code_qualname; /* 0: none */
    uint16_t code_first_line;
    uint16_t code_line_table;
    uint16_t code_bytecode; /* 0: bytecode is not inside the code object */
    uint16_t text_length;   /* text: number of characters */
    uint16_t text_state;    /* text: 32 bits that tell its form */
    uint16_t text_kind;     /* which of those bits begin the kind (3 bits), then compact, then ASCII */
    uint16_t text_ascii;    /* where the characters of a compact ASCII text begin */
    uint16_t text_compact;  /* and those of any other compact text */
    uint16_t bytes_size;
    uint16_t bytes_data;
    uint16_t code_first_traceable; /* code object: an int, how many units of bytecode a frame runs before it is
                                    * complete. 0: frames are complete from the start (to 3.10) */
};

/* One frame as the library sees it, for comparison with sys._getframe. Texts lie in the caller's buffer. */
struct fil_observed_frame {
    uint64_t code;        /* address of the code object: id(frame.f_code) */
    int32_t offset;       /* bytes from the start of the bytecode to the instruction: frame.f_lasti */
    uint32_t first_line;  /* co_firstlineno */
    uint32_t filename_at; /* where in the text buffer, and how many bytes: UTF-8, lone surrogates passed through */
    uint32_t filename_bytes;
    uint32_t name_at;
    uint32_t name_bytes;
    uint32_t qualname_at; /* 0 bytes before CPython 3.11 */
    uint32_t qualname_bytes;
    uint32_t line_table_at; /* co_lnotab (to 3.9) or co_linetable */
    uint32_t line_table_bytes;
    uint64_t first_local;    /* address of the object in the frame's first variable; 0: none, or unknown */
    int32_t first_traceable; /* of the code object, see fil_layout; 0 before CPython 3.11 */
    uint32_t reserved;
};

/* Where the interpreter keeps, for each object, what tells the block of memory that it lies in. Offsets in bytes. */
struct fil_objects {
    uint16_t type;             /* object: its type */
    uint16_t type_flags;       /* type: its flags, a word */
    uint16_t collected_before; /* what comes before an object of a type with Py_TPFLAGS_HAVE_GC */
    uint16_t managed_before;   /* and before one with Py_TPFLAGS_MANAGED_DICT or _WEAKREF, further outside */
};

/* FIL_ABI_VERSION of the library. */
FIL_EXPORT uint32_t fil_abi_version(void);

/* FIL_OK if tracking can begin in this process: the library's malloc is the one that it calls. Else
 * FIL_ERROR_NOT_PRELOADED, FIL_ERROR_CHILD or, if tracking runs, FIL_ERROR_STARTED.
 * A process with more rights than who started it gets FIL_ERROR_NOT_PRELOADED, also from fil_start. */
FIL_EXPORT int32_t fil_preloaded(void);

/* Choose the frame layout for sys.hexversion, as it is known or as the interpreter publishes it. Returns FIL_OK,
 * FIL_ERROR_NO_PYTHON or FIL_ERROR_UNKNOWN_LAYOUT. */
FIL_EXPORT int32_t fil_select_layout(uint32_t python_version, uint32_t free_threaded);

/* Choose a layout that was measured. Returns FIL_OK or FIL_ERROR_NO_PYTHON. */
FIL_EXPORT int32_t fil_use_layout(uint32_t python_version, const struct fil_layout *layout);

/* Do without a layout: a profile function keeps the callstacks, from fil_start on. `pin_code`: not 0 if a code object
 * does not begin where its block of memory does. Returns FIL_OK or FIL_ERROR_NO_PYTHON. */
FIL_EXPORT int32_t fil_use_profile_function(uint32_t python_version, uint32_t pin_code);

/* After that: the address of a Python function (which stays) that, as the profile function of a new thread, lets that
 * thread's callstacks be kept too. 0 if there is no memory. Hold the GIL. */
FIL_EXPORT uint64_t fil_thread_starter(void);

/* Copy memory of this process from any address. Returns FIL_OK, or FIL_ERROR_UNREADABLE_STACK where it cannot be read.
 */
FIL_EXPORT int32_t fil_read_memory(uint64_t address, uint8_t *into, uint32_t bytes);

/* Walk the calling thread's Python stack, innermost frame first, through reads that cannot fault, by the chosen layout.
 * Returns the number of frames written, at most `capacity`, or a negative fil_status. Hold the GIL. */
FIL_EXPORT int32_t fil_observe_stack(struct fil_observed_frame *frames, uint32_t capacity, uint8_t *text,
                                     uint32_t text_capacity);

/* The chosen layout was compared with the interpreter's own account and is right: walks may use it. */
FIL_EXPORT void fil_accept_layout(void);

/* Let the interpreter tell of every object that it makes, also of those whose memory comes from a free list, while
 * tracking runs. Floats are not followed. Returns FIL_OK, or FIL_ERROR_NO_PYTHON where it cannot (before CPython 3.13).
 * Before fil_start. Hold the GIL. */
FIL_EXPORT int32_t fil_follow_objects(const struct fil_objects *objects);

/* Map the recording at `path` (an existing file that this process may write) and track from now on. Hold the GIL. May
 * be called again after fil_stop, but not where a profile function finds the callstacks. `report_signal` is the signal
 * that asks for a report while the program runs: the library passes it on to the parent process. 0: there is no
 * supervisor, and the library keeps the curve over time itself. Returns FIL_OK or a negative fil_status. */
FIL_EXPORT int32_t fil_start(const char *path, int32_t report_signal);

/* Stop tracking: the recording is whole, and the tracker's memory goes back. The program goes on; what it frees and
 * takes is no longer counted. Hold the GIL. */
FIL_EXPORT void fil_stop(void);

/* Called by a Python function, whose code object is at `code`, before it runs the program: its frame, and those below,
 * stay as they are until it calls this again with 0, so they need not be looked at. fil_stop and the interpreter's end
 * end that too. Hold the GIL. */
FIL_EXPORT void fil_base_frame(uint64_t code);

/* The callstack that an allocation made now would get, innermost frame first, as the tracker sees it (caches and all):
 * for tests. Only code, offset are filled in. Returns the number of frames or a negative fil_status. Hold the GIL. */
FIL_EXPORT int32_t fil_current_callstack(struct fil_observed_frame *frames, uint32_t capacity);

/* errno of the last failure that FIL_ERROR_RECORDING stands for. */
FIL_EXPORT int32_t fil_last_errno(void);

#endif
