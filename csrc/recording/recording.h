/* The recording as a file that grows: created, mapped segment by segment, sealed. */
#ifndef FIL_RECORDING_H
#define FIL_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fil_format.h"
#include "ledger/storage.h"

/* Map the header of the file at `path` (it exists and is empty or preallocated) and fill in what is known at start.
 * Returns NULL on failure, with the reason in `*error`. */
struct fil_header *recording_open(const char *path, uint32_t python_version, int *error);

/* The next segment of a kind, zeroed and allocated on disk; NULL if there is no room. These are the ledger's storage
 * functions. */
struct fil_nodes *recording_next_nodes(void);
struct fil_code *recording_next_codes(void);
struct fil_threads *recording_threads(void);
struct fil_file *recording_files(uint64_t *offset);
struct fil_large *recording_large(uint64_t *offset);
uint8_t *recording_next_text(size_t bytes, uint64_t *offset, size_t *room);

/* Write a snapshot next to the previous one, through a file descriptor: mapping more may be impossible. */
bool recording_keep_snapshot(uint64_t count, snapshot_values *values, const void *source, uint64_t *offset);

/* Reserve empty segments, for a program that may soon prevent the file from growing. */
void recording_lay_in_stock(void);

/* Another process has truncated the file, and its mapping is gone: replace it by memory. `address`: where that was
 * noticed. False if the address is not in the recording. For use in a signal handler. */
bool recording_mend(uintptr_t address);

/* Does the header still have the right offsets, and identify this process? Other processes can write there. */
bool recording_is_intact(void);

/* The errno of the last segment that could not be created, 0 if none failed. */
int recording_last_error(void);

/* Unmap everything: the file is complete. Another one may be opened. */
void recording_close(void);

/* Set the header's state of the writer. */
void recording_set_state(enum fil_state state);

#endif
