/* What the ledger needs from the owner of memory and the recording. */
#ifndef FIL_LEDGER_STORAGE_H
#define FIL_LEDGER_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fil_nodes;
struct fil_code;
struct fil_file;
struct fil_large;

/* Writes `count` values of a snapshot from number `first` on into `values`. */
typedef void snapshot_values(const void *source, uint64_t first, uint64_t count, uint64_t *values);

struct ledger_storage {
    /* Zeroed private memory, aligned to 16 bytes at least; NULL if there is none. */
    void *(*map_pages)(size_t bytes);
    /* Release memory from map_pages, with the same size. */
    void (*unmap_pages)(void *pages, size_t bytes);

    /* The same for a table that may become zeros at any time (empty_pages). In a forked child it does, if the system
     * supports that: the child records nothing, and need not pay for a copy. */
    void *(*map_table)(size_t bytes);
    /* Make memory from map_table zeros again. It stays mapped, for threads that still read it. */
    void (*empty_pages)(void *pages, size_t bytes);

    /* The next segment of nodes or codes in the recording, zeroed; NULL if there is no room. */
    struct fil_nodes *(*next_node_segment)(void);
    struct fil_code *(*next_code_segment)(void);
    /* The one segment of files, FIL_FILES_KEPT zeroed records; sets `offset` to its place in the file. */
    struct fil_file *(*files_segment)(uint64_t *offset);
    /* A segment for texts of at least `bytes`; sets the last two to its place in the file and its real size. */
    uint8_t *(*next_text_segment)(size_t bytes, uint64_t *offset, size_t *room);

    /* Store a snapshot of `count` values, which `values` returns piece by piece, next to the previous one; sets
     * `offset` to its place in the file. False if there is no room, or writing is not possible now. */
    bool (*keep_snapshot)(uint64_t count, snapshot_values *values, const void *source, uint64_t *offset);

    /* Monotonic time in nanoseconds; may be off by a few milliseconds if that is cheaper. */
    uint64_t (*clock_ns)(void);

    /* The one segment of large mappings, FIL_LARGE_KEPT zeroed records; sets `offset` to its place in the file. NULL:
     * this storage has none. */
    struct fil_large *(*large_segment)(uint64_t *offset);
};

#endif
