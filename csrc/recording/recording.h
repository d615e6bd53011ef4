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

/* The next segment of a kind, zeroed and allocated on disk; NULL if there is no room. `context` is unused: these are
 * the ledger's storage functions. */
struct fil_nodes *recording_next_nodes(void);
struct fil_code *recording_next_codes(void);
struct fil_threads *recording_threads(void);
struct fil_file *recording_files(uint64_t *offset);
struct fil_large *recording_large(uint64_t *offset);
uint8_t *recording_next_text(size_t bytes, uint64_t *offset, size_t *room);

/* Write a snapshot beside the one before, through a file descriptor: mapping more may be impossible. */
bool recording_keep_snapshot(uint64_t count, snapshot_values *values, const void *source, uint64_t *offset);

/* Have empty segments ready, for a program that may soon let the file grow no more. */
void recording_lay_in_stock(void);

/* Somebody has cut the file short, and what is mapped of it is gone: put memory in its place. `address`: where that was
 * noticed, 0 if it is not known where. False if that has nothing to do with the recording. For use in a signal handler.
 */
bool recording_mend(uintptr_t address);

/* Does the header still say where everything is, and whose recording it is? Others can write there. */
bool recording_is_intact(void);

/* The errno of the last segment that could not be had, 0 if none failed. */
int recording_last_error(void);

/* Unmap everything: the file is whole. Another one may be opened. */
void recording_close(void);

/* From now on the header says how far the writer came. */
void recording_set_state(enum fil_state state);

#endif
