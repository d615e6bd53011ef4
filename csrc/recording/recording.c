#include "recording/recording.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "platform/platform.h"

#define SNAPSHOT_PIECE 4096u

struct snapshot_place {
    uint64_t at;   /* place in the file */
    uint64_t room; /* values that fit there */
};

static struct {
    struct fil_header *header;
    char path[PATH_MAX];
    int last_error;
    struct fil_node *spare_nodes; /* when memory runs out, whoever asks last may have a new callstack */
    struct snapshot_place snapshots[2]; /* the last one, and the place for the next */
    unsigned snapshot_last;
    void *segments[FIL_SEGMENT_CAPACITY]; /* where each is mapped */
} recording;

struct fil_header *recording_open(const char *path, uint32_t python_version, int *error)
{
    size_t length = strlen(path);
    if (length >= sizeof recording.path) {
        *error = ENAMETOOLONG;
        return NULL;
    }
    memcpy(recording.path, path, length + 1);
    struct fil_header *header = platform_map_file(recording.path, 0, FIL_HEADER_BYTES, error);
    if (header == NULL) {
        return NULL;
    }
    header->format_version = FIL_FORMAT_VERSION;
    header->byte_order = FIL_BYTE_ORDER;
    header->header_bytes = FIL_HEADER_BYTES;
    header->segment_bytes = sizeof(struct fil_segment);
    header->node_bytes = sizeof(struct fil_node);
    header->code_bytes = sizeof(struct fil_code);
    header->nodes_per_segment = FIL_NODES_PER_SEGMENT;
    header->codes_per_segment = FIL_CODES_PER_SEGMENT;
    header->segment_capacity = FIL_SEGMENT_CAPACITY;
    header->python_version = python_version;
    header->pid = (uint32_t)getpid();
    header->state = FIL_STATE_CREATED;
    header->file_bytes = FIL_HEADER_BYTES;
    header->started_unix_ns = platform_unix_ns();
    header->started_clock_ns = platform_clock_ns();
    memcpy(header->magic, FIL_FORMAT_MAGIC, sizeof header->magic); /* last: a file with the magic is whole */
    recording.header = header;
    return header;
}

int recording_last_error(void)
{
    return recording.last_error;
}

void recording_close(void)
{
    struct fil_header *header = recording.header;
    for (uint32_t i = 0; i < header->segment_count; i++) {
        platform_unmap_file(recording.segments[i], (size_t)header->segments[i].bytes);
    }
    platform_unmap_file(header, FIL_HEADER_BYTES);
    recording.header = NULL;
    recording.spare_nodes = NULL;
    recording.snapshots[0] = recording.snapshots[1] = (struct snapshot_place){0, 0};
    recording.snapshot_last = 0;
    recording.last_error = 0;
}

void recording_set_state(enum fil_state state)
{
    recording.header->state = state;
}

/* Append a segment. A file that cannot grow now may grow later, so nothing is remembered of a failure. */
static void *next_segment(enum fil_segment_kind kind, size_t bytes, uint64_t *offset)
{
    struct fil_header *header = recording.header;
    if (header->segment_count == FIL_SEGMENT_CAPACITY) {
        return NULL;
    }
    size_t page = platform_page_bytes();
    bytes = (bytes + page - 1) / page * page;
    *offset = (header->file_bytes + page - 1) / page * page;
    int error = 0;
    void *mapped = platform_map_file(recording.path, *offset, bytes, &error);
    if (mapped == NULL) {
        recording.last_error = error;
        return NULL;
    }
    recording.segments[header->segment_count] = mapped;
    header->segments[header->segment_count] =
        (struct fil_segment){.offset = *offset, .bytes = bytes, .kind = (uint32_t)kind, .reserved = 0};
    header->file_bytes = *offset + bytes;
    header->segment_count += 1;
    return mapped;
}

bool recording_keep_snapshot(void *context, uint64_t count, snapshot_values *values, const void *source, uint64_t *offset)
{
    (void)context;
    static uint64_t piece[SNAPSHOT_PIECE]; /* memory may be what is wanting */
    struct fil_header *header = recording.header;
    struct snapshot_place *free_place = &recording.snapshots[recording.snapshot_last == 0];
    if (count > free_place->room) { /* what was there is lost */
        size_t page = platform_page_bytes();
        free_place->room = count + count / 4;
        free_place->at = (header->file_bytes + page - 1) / page * page;
        header->file_bytes = free_place->at + free_place->room * sizeof *piece;
    }
    for (uint64_t first = 0; first < count; first += SNAPSHOT_PIECE) {
        uint64_t part = count - first < SNAPSHOT_PIECE ? count - first : SNAPSHOT_PIECE;
        values(source, first, part, piece);
        uint64_t place = free_place->at + first * sizeof *piece;
        if (!platform_write_file(recording.path, place, piece, part * sizeof *piece)) {
            return false;
        }
    }
    recording.snapshot_last = recording.snapshot_last == 0;
    *offset = free_place->at;
    return true;
}

static struct fil_node *more_nodes(void)
{
    uint64_t offset;
    return next_segment(FIL_SEGMENT_NODES, FIL_NODES_PER_SEGMENT * sizeof(struct fil_node), &offset);
}

struct fil_node *recording_next_nodes(void *context)
{
    (void)context;
    struct fil_node *segment = recording.spare_nodes != NULL ? recording.spare_nodes : more_nodes();
    recording.spare_nodes = segment != NULL ? more_nodes() : NULL;
    return segment;
}

struct fil_code *recording_next_codes(void *context)
{
    (void)context;
    uint64_t offset;
    return next_segment(FIL_SEGMENT_CODES, FIL_CODES_PER_SEGMENT * sizeof(struct fil_code), &offset);
}

struct fil_file *recording_files(void *context, uint64_t *offset)
{
    (void)context;
    return next_segment(FIL_SEGMENT_FILES, FIL_FILES_KEPT * sizeof(struct fil_file), offset);
}

struct fil_large *recording_large(void *context, uint64_t *offset)
{
    (void)context;
    return next_segment(FIL_SEGMENT_LARGE, FIL_LARGE_KEPT * sizeof(struct fil_large), offset);
}

uint8_t *recording_next_text(void *context, size_t bytes, uint64_t *offset, size_t *room)
{
    (void)context;
    size_t page = platform_page_bytes();
    size_t wanted = bytes > FIL_TEXT_SEGMENT_BYTES ? (bytes + page - 1) / page * page : FIL_TEXT_SEGMENT_BYTES;
    *room = wanted;
    return next_segment(FIL_SEGMENT_TEXT, wanted, offset);
}

struct fil_threads *recording_threads(void)
{
    uint64_t offset;
    return next_segment(FIL_SEGMENT_THREADS, sizeof(struct fil_threads), &offset);
}
