/* The recording: the one file that connects the profiled process and the reader.
 *
 * The file is a header, then segments in the order in which they were needed. A segment holds records of one kind, and
 * `fil_header.segments` gives the place of each. Record number n of a kind is in that kind's segment number n /
 * records_per_segment (counted in directory order), at index n % records_per_segment.
 *
 * All integers are little-endian on the supported machines; `byte_order` lets a reader refuse a file from another. The
 * process writes through a shared mapping, so whatever ends the process leaves the file complete up to the last event.
 * The file has only fixed-width integers, no pointers: a place is an offset in the file.
 *
 * Versions of the format, and what each added:
 *   1  the tree of nodes, functions, texts
 *   2  how call stacks were found; failed requests and their snapshot; the timeline
 *   3  mappings, mapped files and RSS samples at the peak; threads; libraries; marks of workers and submitted work
 *   4  big blocks (fil_big); large mappings; other programs; another malloc; checks of texts; marks of imports, tasks
 *      and interpreters
 */
#ifndef FIL_FORMAT_H
#define FIL_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define FIL_FORMAT_MAGIC "FILREC\r\n"
#define FIL_FORMAT_VERSION 4u
#define FIL_BYTE_ORDER 0x01020304u

#define FIL_FIRST_BYTES 655360u    /* of a new file: room for the header and the first segments */
#define FIL_HEADER_BYTES 131072u   /* bytes of the file before the first segment */
#define FIL_SEGMENT_CAPACITY 4900u /* entries in the directory */
#define FIL_NODES_PER_SEGMENT 2048u
#define FIL_CODES_PER_SEGMENT 1024u
#define FIL_TEXT_SEGMENT_BYTES 131072u /* smallest text segment; a longer text gets its own segment */
#define FIL_TEXT_HEAD_BYTES 8u         /* before a text's bytes */
#define FIL_TEXT_PRIME 1073741789u     /* the largest prime below 2^30 */
#define FIL_FAILURES_KEPT 16u          /* failed requests that are listed individually */

#define FIL_SAMPLES_KEPT 500u /* points of the timeline; when it is full, every second one is dropped */

/* When a request fails, a snapshot no older than this may represent that moment. */
#define FIL_SNAPSHOT_REST_NS 50000000u

#define FIL_BECAME_BYTES 128u /* room for a path with its final zero */

#define FIL_FILES_KEPT 1024u /* mapped files that are listed individually */

#define FIL_LARGE_BYTES 16777216u /* a mapping of this size or more is listed individually */
#define FIL_LARGE_KEPT 256u       /* at most this many at a time */

#define FIL_BIG_BYTES 512u /* a block of this size or more is a big one */

/* What a segment holds. */
enum fil_segment_kind {
    FIL_SEGMENT_NODES = 1,   /* one fil_nodes: a piece of the tree of call stacks with its counters */
    FIL_SEGMENT_CODES = 2,   /* fil_code records: the functions in call stacks */
    FIL_SEGMENT_TEXT = 3,    /* texts: u32 byte length, u32 check, then the bytes; other records have their offsets. The
                              * check: the bytes as one little-endian number, modulo FIL_TEXT_PRIME, plus 1 */
    FIL_SEGMENT_FILES = 4,   /* fil_file records: the mapped files; at most one such segment */
    FIL_SEGMENT_THREADS = 5, /* one fil_threads */
    FIL_SEGMENT_LARGE = 6    /* fil_large records: large mappings that count; at most one such segment */
};

/* The writer's progress. */
enum fil_state {
    FIL_STATE_CREATED = 1,  /* header written, nothing tracked yet */
    FIL_STATE_TRACKING = 2, /* events are being counted; a killed process also leaves this */
    FIL_STATE_STOPPED = 3   /* tracking has stopped normally */
};

/* How call stacks were found. */
enum fil_stacks {
    FIL_STACKS_KNOWN = 0,    /* in the interpreter's memory, by a layout known for its version */
    FIL_STACKS_MEASURED = 1, /* the same, by a layout measured at start-up */
    FIL_STACKS_PROFILED = 2  /* by a profile function: fil_node.offset is a line, and code has no line table */
};

/* Nodes that always exist. Node 0 is never used, so that 0 can mean "none". */
enum fil_reserved_node {
    FIL_NODE_NONE = 0,
    FIL_NODE_ROOT = 1, /* the empty call stack: its own bytes were requested with no Python frame */
    FIL_NODE_LOST = 2, /* its own bytes have a call stack that could not be recorded */
    FIL_NODE_FIRST = 3 /* the first node of the actual tree */
};

/* fil_code number 0 is never used. A node whose code is 0 is a mark, and its offset gives the kind. */
enum fil_mark {
    FIL_MARK_THREAD = 1,    /* below it: the frames of threads that the call stack above it started */
    FIL_MARK_WORKER = 2,    /* its own bytes: allocated by a thread without Python frames, while the call stack above it
                             * was the last known one of the thread that started it */
    FIL_MARK_SUBMITTED = 3, /* below it: the frames of other threads that do work which the call stack above it
                             * submitted */
    FIL_MARK_IMPORT = 4,    /* replaces the frames of the interpreter's import machinery: its own bytes are what these
                             * requested, below it are the frames of what they import */
    FIL_MARK_TASK = 5,      /* below it: the frames of an event loop's task or function, which the call stack above it
                             * created */
    FIL_MARK_INTERPRETER = 6 /* below it: the frames of code that the call stack above it runs in another interpreter */
};

/* What a fil_code is. */
enum fil_code_kind {
    FIL_CODE_FUNCTION = 0, /* a function of the program */
    FIL_CODE_LIBRARY = 1   /* a library that mapped memory: `filename` is its path, everything else is 0 */
};

/* Why an event could not be recorded as it was: index into fil_header.missed. */
enum fil_missed {
    FIL_MISSED_CALLSTACK = 0, /* bytes counted, call stack lost: no room in the recording (disk full, limit reached) */
    FIL_MISSED_BLOCK = 1,     /* bytes not counted: no memory for the address table, or an address out of its range */
    FIL_MISSED_MAPPING = 2,   /* bytes of a mapping not counted: no memory for the range table */
    FIL_MISSED_TEXT = 3,      /* a function's name or line table could not be stored */
    FIL_MISSED_MALLOC = 4,    /* not a number of events, but 1: the library did not see some calls of malloc */
    FIL_MISSED_OWN_FUNCTION = 5, /* the same, for calls of functions that only another malloc has: see own_function */
    FIL_MISSED_DAMAGE = 6,       /* also 1: at the end the recording was not as the library had written it */
    FIL_MISSED_REASONS = 8
};

/* What a failed request was for. */
enum fil_request {
    FIL_REQUEST_BLOCK = 1,  /* a block: malloc and its relatives, or an allocator of Python that is not malloc */
    FIL_REQUEST_MAPPING = 2 /* a mapping, or a larger one */
};

struct fil_segment {
    uint64_t offset; /* of its first byte in the file */
    uint64_t bytes;  /* its length in the file */
    uint32_t kind;   /* enum fil_segment_kind */
    uint32_t reserved;
};

/* One call stack: a frame, and its callers by the chain of parents. Two per cache line. */
struct fil_node {
    uint64_t current_bytes; /* live bytes requested by exactly this call stack */
    uint64_t at_peak_bytes; /* live bytes at the peak, if `epoch` equals the header's; else use current_bytes */
    uint32_t epoch;         /* number of the peak before which at_peak_bytes was last updated */
    uint32_t parent;        /* node number; 0 for the reserved nodes */
    uint32_t code;          /* fil_code number; 0: a mark, see enum fil_mark */
    int32_t offset;         /* bytes from the start of the bytecode to the instruction; may be negative (not begun) */
};

/* The part of a node's bytes that is big blocks and mappings. These certainly belong to the call stack: objects that
 * the interpreter reuses without a request are smaller. */
struct fil_big {
    uint64_t current_bytes;
    uint64_t at_peak_bytes; /* if `epoch` equals the header's; else use current_bytes */
    uint32_t epoch;         /* number of the peak before which at_peak_bytes was last updated */
    uint32_t reserved;
};

/* A node's bytes at the combined peak of all processes of a run (struct fil_processes); all zeros as long as the
 * process is the only one. */
struct fil_combined {
    uint64_t bytes; /* at that peak, if `best` equals the one in fil_processes.word; else use current_bytes */
    uint32_t best;  /* the combined peak, in KiB, after which `bytes` was last updated */
    uint32_t reserved;
};

/* Most blocks are small, and counting these does not read `big`; only a process that
 * is one of several reads `combined`. */
struct fil_nodes {
    struct fil_node nodes[FIL_NODES_PER_SEGMENT];
    struct fil_big big[FIL_NODES_PER_SEGMENT]; /* of the same nodes, in the same order */
    struct fil_combined combined[FIL_NODES_PER_SEGMENT];
};

/* One function. Two code objects with the same content share a record. */
struct fil_code {
    uint64_t filename;   /* file offset of a text, UTF-8 with lone surrogates unchanged; 0: not stored */
    uint64_t name;       /* co_name, likewise */
    uint64_t qualname;   /* co_qualname, likewise; 0 before CPython 3.11 */
    uint64_t line_table; /* co_lnotab (to 3.9) or co_linetable, raw bytes; 0: not stored */
    uint32_t first_line; /* co_firstlineno */
    uint32_t kind;       /* enum fil_code_kind */
};

#define FIL_THREADS_KEPT 128u /* threads that are listed individually */
#define FIL_THREAD_LINKS_KEPT 512u
#define FIL_THREAD_NAME_BYTES 32u /* of a thread's name; a longer one is cut */

/* A thread, from its first memory request on. */
struct fil_thread {
    uint32_t number;       /* from 1, in the order of the threads' first requests; 0: not used */
    uint32_t node;         /* of its last request, while there were several threads; 0: not known, or it has ended */
    uint32_t at_peak_node; /* the same at the peak, if `epoch` equals the header's; else use `node` */
    uint32_t epoch;        /* number of the peak before which at_peak_node was last updated */
    uint32_t start;        /* the node below which its call stacks hang; those of work submitted to it hang elsewhere */
    uint32_t ended;        /* 1: it has ended */
    uint32_t reserved;
    uint32_t reserved_too;
    uint8_t name[FIL_THREAD_NAME_BYTES]; /* when it was started, UTF-8; padded with zeros, all zeros: not known */
};

/* Call stacks of thread number `thread` hang below the mark. mark 0: not used. */
struct fil_thread_link {
    uint32_t mark;
    uint32_t thread;
};

struct fil_threads {
    uint32_t begun;        /* threads that have requested memory */
    uint32_t last;         /* number of the one with the last request, while there were several */
    uint32_t last_at_peak; /* the same at the peak, if `epoch` equals the header's; else use `last` */
    uint32_t epoch;
    struct fil_thread threads[FIL_THREADS_KEPT];
    struct fil_thread_link links[FIL_THREAD_LINKS_KEPT];
};

/* One failed memory request. It is never a part of a total. */
struct fil_failure {
    uint64_t bytes;         /* requested bytes; all bits set if the size is beyond 64 bits */
    uint64_t current_bytes; /* live tracked bytes when it failed */
    uint64_t clock_ns;      /* monotonic clock then, to a few milliseconds */
    uint32_t node;          /* the call stack that requested it */
    uint32_t kind;          /* enum fil_request */
};

/* A point of the timeline. A supervisor writes these from outside: more often while memory changes, and a few at a time
 * at the beginning of a run. If it is killed, these may be missing. */
struct fil_sample {
    uint64_t clock_ns;       /* monotonic clock */
    uint64_t tracked_bytes;  /* current_bytes then */
    uint64_t resident_bytes; /* resident memory of the process then */
};

/* Sums that are counted beside the call stacks. */
enum fil_counter_kind {
    FIL_COUNTER_MAPPINGS = 0, /* the part of current_bytes that is mappings, not blocks */
    FIL_COUNTER_FILES = 1,    /* mapped bytes of files: no part of current_bytes */
    FIL_COUNTERS = 2
};

/* A sum with its value at the peak, by the same rule as fil_node. */
struct fil_counter {
    uint64_t current_bytes;
    uint64_t at_peak_bytes; /* if `epoch` equals the header's; else use current_bytes */
    uint32_t epoch;
    uint32_t reserved;
};

/* A file that one call stack has mapped. Record 0 is never used, record 1 aggregates the overflow. */
struct fil_file {
    uint64_t current_bytes;  /* bytes mapped now */
    uint64_t at_peak_bytes;  /* bytes mapped at the peak, if `epoch` equals the header's; else use current_bytes */
    uint64_t path;           /* file offset of a text; 0: not stored */
    uint64_t resident_bytes; /* of all mappings of that path, at the RSS sample nearest to the peak; written by the
                              * supervisor */
    uint64_t written_bytes;  /* likewise: the part private to the process, because it was written */
    uint32_t epoch;
    uint32_t node;       /* the call stack that mapped it */
    uint32_t is_private; /* 1: writes stay in the process (MAP_PRIVATE) */
    uint32_t reserved;
};

/* A large mapping that counts. */
struct fil_large {
    uint64_t start;          /* its address */
    uint64_t current_bytes;  /* its bytes now; 0: it is unmapped */
    uint64_t at_peak_bytes;  /* bytes at the peak, if `epoch` equals the header's; else use current_bytes */
    uint64_t path;           /* file offset of a text: the name of shared memory; 0: it has none */
    uint64_t resident_bytes; /* its resident bytes at the RSS sample nearest to the peak; written by the supervisor */
    uint32_t node;           /* the call stack that mapped it */
    uint32_t epoch;          /* number of the peak before which at_peak_bytes was last updated */
};

/* The moment of an RSS sample. */
enum fil_rss_sample_moment {
    FIL_RSS_SAMPLE_START = 0, /* by the process, before tracking began */
    FIL_RSS_SAMPLE_PEAK = 1,  /* by the supervisor, when the tracked memory was nearest to the peak */
    FIL_RSS_SAMPLE_LAST = 2,  /* by the supervisor, the last one */
    FIL_RSS_SAMPLE_END = 3,   /* by the process, at its normal end, before interpreter shutdown */
    FIL_RSS_SAMPLES = 4
};

#define FIL_NOT_KNOWN 0xffffffffffffffffu

/* The kernel's count of the process's memory at one moment. An unknown value is FIL_NOT_KNOWN. */
struct fil_rss_sample {
    uint64_t clock_ns;             /* monotonic clock; 0: there is no such sample */
    uint64_t tracked_bytes;        /* current_bytes then */
    uint64_t mapped_bytes;         /* the mappings in tracked_bytes */
    uint64_t anonymous_bytes;      /* resident: anonymous memory (RssAnon) */
    uint64_t file_bytes;           /* resident: of files (RssFile) */
    uint64_t shared_bytes;         /* resident: shared memory (RssShmem) */
    uint64_t mapped_files_bytes;   /* resident: of the files that the program has mapped; a part of the three above */
    uint64_t mapped_files_written; /* the part of these that is private to the process, because it was written */
    uint64_t allocator_free_bytes; /* free memory that the C library's malloc keeps for reuse */
};

struct fil_header {
    uint8_t magic[8];               /* FIL_FORMAT_MAGIC */
    uint32_t format_version;        /* FIL_FORMAT_VERSION */
    uint32_t byte_order;            /* FIL_BYTE_ORDER */
    uint32_t header_bytes;          /* FIL_HEADER_BYTES */
    uint32_t segment_bytes;         /* sizeof(struct fil_segment) */
    uint32_t node_bytes;            /* sizeof(struct fil_node) */
    uint32_t code_bytes;            /* sizeof(struct fil_code) */
    uint32_t nodes_per_segment;     /* FIL_NODES_PER_SEGMENT */
    uint32_t codes_per_segment;     /* FIL_CODES_PER_SEGMENT */
    uint32_t segment_capacity;      /* FIL_SEGMENT_CAPACITY */
    uint32_t python_version;        /* PY_VERSION_HEX of the interpreter */
    uint32_t pid;                   /* of the profiled process */
    uint32_t state;                 /* enum fil_state */
    uint64_t started_unix_ns;       /* wall clock when tracking began */
    uint64_t started_clock_ns;      /* monotonic clock when tracking began */
    uint32_t uncaught_memory_error; /* 1: the program ended by an uncaught MemoryError */
    uint32_t stacks;                /* enum fil_stacks */
    uint64_t snapshot_offset; /* place of the snapshot in the file: u64 bytes of each node, then those of its fil_big */
    uint64_t snapshot_nodes;  /* number of nodes in it */
    uint64_t snapshot_number; /* number of the snapshot, from 1; 0: there is none, or it is being written */
    uint64_t snapshot_failure; /* value of failed_requests when it was taken; 0: taken for an uncaught MemoryError */
    uint32_t sample_count;     /* points of the timeline in use */
    uint32_t reserved_count;
    uint64_t snapshot_clock_ns; /* monotonic clock when the snapshot was taken */

    /* Counters, on their own cache line. */
    uint64_t current_bytes;   /* live tracked bytes */
    uint64_t peak_bytes;      /* the highest so far; current_bytes if that is larger (the peak is still rising) */
    uint64_t peak_clock_ns;   /* monotonic clock when peak_bytes was last raised, to a few milliseconds */
    uint32_t epoch;           /* number of the newest peak */
    uint32_t node_count;      /* nodes in use, including the unused node 0 */
    uint32_t code_count;      /* codes in use, including the unused code 0 */
    uint32_t segment_count;   /* directory entries in use */
    uint64_t allocated_bytes; /* bytes of `allocations` */
    uint64_t failed_requests; /* request number n, from 1, is failures[(n - 1) % FIL_FAILURES_KEPT] */
    uint64_t allocations;     /* blocks and mappings allocated since tracking began; a resized one is a new one */
    uint64_t missed[FIL_MISSED_REASONS]; /* events, by enum fil_missed */

    struct fil_failure failures[FIL_FAILURES_KEPT];
    struct fil_sample samples[FIL_SAMPLES_KEPT];
    struct fil_segment segments[FIL_SEGMENT_CAPACITY];

    /* Memory beside the call stacks. */
    struct fil_counter counters[FIL_COUNTERS];
    struct fil_rss_sample rss_samples[FIL_RSS_SAMPLES];
    uint64_t file_bytes;   /* current length of the file */
    uint64_t files_offset; /* place of the fil_file records in the file; 0: there are none */
    uint32_t file_count;   /* records of mapped files in use, including the unused record 0 */
    uint32_t reserved_files;
    uint64_t snapshot_mapped_bytes; /* the mappings in the snapshot */
    uint64_t malloc_path; /* file offset of a text: the file whose malloc the unseen calls went to; 0: not known */

    /* Other programs. */
    uint32_t processes_started; /* by the process and its forks, since tracking began; nothing of them is recorded */
    uint32_t processes_seen;    /* how many of these and of their own child processes the supervisor has seen */
    uint64_t largest_resident_bytes; /* the largest resident memory of any that it has seen */
    uint64_t large_offset;           /* place of the fil_large records in the file; 0: there are none */
    uint32_t large_count;            /* fil_large records in use */
    uint32_t reserved_large;
    uint8_t became[FIL_BECAME_BYTES]; /* the program that exec was about to run in this process: the end of its path;
                                       * zeros: none */

    /* A malloc that is not the C library's. */
    uint64_t own_function; /* file offset of a text: a function of the file at malloc_path that was or may have been
                            * called without the library seeing it; 0: none */

    uint64_t failure_allocations; /* `allocations` at the last failed request */

    /* Its place among the processes of a run. */
    uint32_t parent_pid; /* of the process that was its parent when tracking began */
    uint32_t forked; /* 1: it is a fork of a recorded process, whose call stacks begin with those of its parent then */
    uint64_t started_by;   /* file offset of a text, "RECORDING.NODE": the name of another recording of the run, without
                            * its extension, and the call stack there that started this program (0 for a fork);
                            * 0: not known */
    uint64_t command_line; /* file offset of a text: the words of its command, each followed by a zero; 0: its
                            * parent's if it is forked, else not known */
    uint32_t slot;         /* its slot in fil_processes, counted from 1; 0: it takes no part in the combined peak */
    uint32_t alone_best;   /* in KiB, if other processes came after it: its own peak until then. If this still is the
                            * combined peak, that is the process's own peak */
    uint32_t left_out;     /* 1: it is one of several processes, but takes no part in the peak */
    uint32_t born_best;    /* the combined peak, in KiB, when it began to take part */
    uint32_t ended_best;   /* the same at its end, by the supervisor, which then frees its slot; 0: see the slot */
    uint32_t reserved_run;
};

static_assert(sizeof(struct fil_segment) == 24, "the recording's layout is fixed");
static_assert(sizeof(struct fil_node) == 32, "the recording's layout is fixed");
static_assert(sizeof(struct fil_big) == 24, "the recording's layout is fixed");
static_assert(sizeof(struct fil_combined) == 16, "the recording's layout is fixed");
static_assert(sizeof(struct fil_nodes) == 147456, "the recording's layout is fixed");
static_assert(sizeof(struct fil_code) == 40, "the recording's layout is fixed");
static_assert(sizeof(struct fil_thread) == 64, "the recording's layout is fixed");
static_assert(sizeof(struct fil_thread_link) == 8, "the recording's layout is fixed");
static_assert(sizeof(struct fil_threads) == 12304, "the recording's layout is fixed");
static_assert(sizeof(struct fil_failure) == 32, "the recording's layout is fixed");
static_assert(sizeof(struct fil_sample) == 24, "the recording's layout is fixed");
static_assert(sizeof(struct fil_file) == 56, "the recording's layout is fixed");
static_assert(sizeof(struct fil_large) == 48, "the recording's layout is fixed");
static_assert(sizeof(struct fil_counter) == 24, "the recording's layout is fixed");
static_assert(sizeof(struct fil_rss_sample) == 72, "the recording's layout is fixed");
static_assert(offsetof(struct fil_header, current_bytes) == 128, "the counters begin a cache line");
static_assert(offsetof(struct fil_header, failures) == 256, "the recording's layout is fixed");
static_assert(sizeof(struct fil_header) <= FIL_HEADER_BYTES, "the header fits its place");

#endif
