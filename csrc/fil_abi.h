/* Every function that the library exports to Python, their status codes, and the names they share.
 *
 * build_tools/generate_abi.py generates Python's side, filprofiler/_abi.py, from this file. Any change here that an
 * older _abi.py would misread raises FIL_ABI_VERSION; the caller compares it before any other call.
 */
#ifndef FIL_ABI_H
#define FIL_ABI_H

#include <stdint.h>

#define FIL_ABI_VERSION 4u

#define FIL_EXPORT __attribute__((visibility("default")))

/* In place of a signal's number, for fil_start. */
enum fil_report_signal {
    FIL_NO_SUPERVISOR = 0,
    FIL_NO_SIGNAL = -1, /* there is a supervisor, but it is not the parent process */
};

/* Results of the functions below that return int32_t. Negative numbers are failures. */
enum fil_status {
    FIL_OK = 0,
    FIL_ERROR_NOT_PRELOADED = -1,    /* the library was loaded, but its hooks are not in front of the C library's */
    FIL_ERROR_NO_PYTHON = -2,        /* a required function of CPython was not found in this process */
    FIL_ERROR_UNKNOWN_LAYOUT = -3,   /* no frame layout is known for this interpreter */
    FIL_ERROR_UNREADABLE_STACK = -4, /* the layout led to unreadable memory: it does not fit */
    FIL_ERROR_NOT_PROVED = -5,       /* fil_start before fil_accept_layout */
    FIL_ERROR_RECORDING = -6,        /* the recording could not be opened, grown or mapped: see fil_last_errno */
    FIL_ERROR_MEMORY = -7,           /* no memory for the tables */
    FIL_ERROR_STARTED = -8,          /* tracking is on already, or cannot restart */
    FIL_ERROR_CHILD = -9             /* this process was forked from the one that loaded the library */
};

/* How a frame stores its instruction. */
enum fil_instruction_form {
    INSTRUCTION_INDEX_BYTES = 0, /* an int: bytes from the start of the bytecode (to 3.9) */
    INSTRUCTION_INDEX_UNITS = 1, /* an int: units of two bytes (3.10) */
    INSTRUCTION_POINTER = 2      /* an address inside the code object (3.11 on) */
};

/* Where one CPython keeps what a walk reads: offsets in bytes. */
struct fil_layout {
    uint16_t minor_version;     /* of CPython 3 */
    uint16_t form;              /* enum fil_instruction_form */
    uint16_t state_cframe;      /* thread state: the "cframe" that leads to the innermost frame; 0: the state has the
                                 * frame itself */
    uint16_t state_frame;       /* cframe, or thread state: the innermost frame */
    uint16_t frame_previous;    /* frame: its caller */
    uint16_t frame_code;        /* frame: its code object, perhaps with a tag in the two lowest bits */
    uint16_t frame_instruction; /* frame: its instruction, see form */
    uint16_t frame_locals;      /* frame: its variables, arguments first, perhaps with such a tag too; 0: unknown */
    uint16_t frame_owner;       /* frame: a byte; 0: frames have no owner */
    uint16_t shim_owner;        /* frames with this owner or a higher one belong to no Python function */
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
    uint16_t text_state;    /* text: 32 bits that describe its form */
    uint16_t text_kind;     /* the lowest of those bits: the kind (3 bits), then compact, then ASCII */
    uint16_t text_ascii;    /* start of the characters of a compact ASCII text */
    uint16_t text_compact;  /* start of the characters of any other compact text */
    uint16_t bytes_size;
    uint16_t bytes_data;
    uint16_t code_first_traceable; /* code object: an int, how many units of bytecode a frame runs before it is
                                    * complete. 0: frames are complete from the start (to 3.10) */
};

/* One frame as the library sees it, for comparison with sys._getframe. Texts are in the caller's buffer. */
struct fil_observed_frame {
    uint64_t code;        /* address of the code object: id(frame.f_code) */
    int32_t offset;       /* bytes from the start of the bytecode to the instruction: frame.f_lasti */
    uint32_t first_line;  /* co_firstlineno */
    uint32_t filename_at; /* position in the text buffer, and number of bytes: UTF-8, lone surrogates unchanged */
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

/* How to find the block of memory that contains an object. Offsets in bytes. */
struct fil_objects {
    uint16_t type;             /* object: its type */
    uint16_t type_flags;       /* type: its flags, one word */
    uint16_t collected_before; /* bytes before an object of a type with Py_TPFLAGS_HAVE_GC */
    uint16_t managed_before;   /* bytes before these, for a type with Py_TPFLAGS_MANAGED_DICT or _WEAKREF */
};

/* FIL_ABI_VERSION of the library. */
FIL_EXPORT uint32_t fil_abi_version(void);

/* FIL_OK if tracking can begin in this process: its malloc calls reach the library. Else FIL_ERROR_NOT_PRELOADED,
 * FIL_ERROR_CHILD or, if tracking is on, FIL_ERROR_STARTED.
 * A process with more rights than its parent gets FIL_ERROR_NOT_PRELOADED, also from fil_start. */
FIL_EXPORT int32_t fil_preloaded(void);

/* Choose the frame layout for sys.hexversion, the known one or the one that the interpreter publishes. Returns FIL_OK,
 * FIL_ERROR_NO_PYTHON or FIL_ERROR_UNKNOWN_LAYOUT. */
FIL_EXPORT int32_t fil_select_layout(uint32_t python_version, uint32_t free_threaded);

/* Choose a measured layout. Returns FIL_OK or FIL_ERROR_NO_PYTHON. */
FIL_EXPORT int32_t fil_use_layout(uint32_t python_version, const struct fil_layout *layout);

/* Use no layout: a profile function keeps the call stacks, from fil_start on. `pin_code`: not 0 if a code object does
 * not begin where its block of memory does. Returns FIL_OK or FIL_ERROR_NO_PYTHON. */
FIL_EXPORT int32_t fil_use_profile_function(uint32_t python_version, uint32_t pin_code);

/* After that: the address of a Python function (which is never freed). As the profile function of a new thread it makes
 * the library keep that thread's call stacks too. 0 if there is no memory. Hold the GIL. */
FIL_EXPORT uint64_t fil_thread_starter(void);

/* Copy memory of this process from any address. Returns FIL_OK, or FIL_ERROR_UNREADABLE_STACK if it is unreadable. */
FIL_EXPORT int32_t fil_read_memory(uint64_t address, uint8_t *into, uint32_t bytes);

/* Walk the calling thread's Python stack by the chosen layout, innermost frame first, with reads that cannot fault.
 * Returns the number of frames written, at most `capacity`, or a negative fil_status. Hold the GIL. */
FIL_EXPORT int32_t fil_observe_stack(struct fil_observed_frame *frames, uint32_t capacity, uint8_t *text,
                                     uint32_t text_capacity);

/* The chosen layout agrees with what the interpreter itself reports: walks may use it. */
FIL_EXPORT void fil_accept_layout(void);

/* Make the interpreter report every object that it creates while tracking is on, even if its memory comes from a free
 * list. Floats are not followed. Returns FIL_OK, or FIL_ERROR_NO_PYTHON if it cannot (before CPython 3.13). Before
 * fil_start. Hold the GIL. */
FIL_EXPORT int32_t fil_follow_objects(const struct fil_objects *objects);

/* Map the recording at `path` (an existing file that this process may write) and start tracking. Hold the GIL. May be
 * called again after fil_stop, unless a profile function finds the call stacks. `report_signal` requests a report while
 * the program runs: the library passes this signal on to the parent process. FIL_NO_SIGNAL: there is a supervisor,
 * which is not the parent. 0: there is none, and the library samples the timeline itself. Returns FIL_OK or a negative
 * fil_status. */
FIL_EXPORT int32_t fil_start(const char *path, int32_t report_signal);

/* Not 0 if FIL_CHILDREN was in the environment when the library was loaded: processes that are started make recordings
 * of their own. */
FIL_EXPORT int32_t fil_records_children(void);

/* Called by the interpreter in the child of a fork, before anything else of the program runs there: tracking goes on
 * into a recording of its own, if its parent was tracked and children are recorded. What the child has inherited is its
 * parent's. Hold the GIL. Returns FIL_OK or a negative fil_status. */
FIL_EXPORT int32_t fil_fork_child(void);

/* For the supervisor: the process with this slot in the file mapped at `processes` (struct fil_processes) has ended, so
 * its memory no longer counts. 0 <= slot < FIL_PROCESSES_KEPT. */
FIL_EXPORT void fil_process_ended(uint64_t processes, uint32_t slot);

/* Stop tracking: the recording is complete, and the tracker's memory is released. The program goes on; what it
 * allocates and frees is no longer counted. Hold the GIL. */
FIL_EXPORT void fil_stop(void);

/* A Python function calls this with the address of its code object, `code`, before it runs the program. Its frame and
 * those below do not change until it calls this again with 0, so walks end there. fil_stop and interpreter shutdown end
 * that too. Hold the GIL. */
FIL_EXPORT void fil_base_frame(uint64_t code);

/* The call stack that an allocation made now would get, innermost frame first, as the tracker sees it (including its
 * caches): for tests. Only code and offset are filled in. Returns the number of frames or a negative fil_status. Hold
 * the GIL. */
FIL_EXPORT int32_t fil_current_callstack(struct fil_observed_frame *frames, uint32_t capacity);

/* errno of the last failure that returned FIL_ERROR_RECORDING. */
FIL_EXPORT int32_t fil_last_errno(void);

#endif
