#include "recording/recording.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "platform/platform.h"

#define SNAPSHOT_PIECE 4096u
#define BEHIND_BEGINNING offsetof(struct fil_header, uncaught_memory_error)
#define BEHIND_STATE offsetof(struct fil_header, started_unix_ns)

struct snapshot_place {
    uint64_t at;   /* place in the file */
    uint64_t room; /* values that fit there */
};

struct segment {
    void *start;
    size_t bytes;
    uint64_t offset; /* in the file */
};

/* Empty segments, for when the file cannot grow. The first one is used first: their order is that of the numbers in
 * them. */
#define MOST_SPARES 16u
struct spares {
    enum fil_segment_kind kind;
    size_t bytes; /* of each */
    uint32_t count;
    struct segment segments[MOST_SPARES];
};

#define SPARES(name, records) {.kind = FIL_SEGMENT_##name, .bytes = (records)}

/* The file's segments and length. This process does not read them from the file: other processes can write there. */
static struct {
    struct fil_header *header;
    char path[PATH_MAX];
    struct platform_file file;
    uint8_t beginning[BEHIND_BEGINNING]; /* of the header: only the state in it changes */
    uint64_t file_bytes;
    int last_error;
    struct spares nodes, codes, texts, files, large;
    bool files_told, large_told;        /* these segments are in use: at most one of each */
    struct snapshot_place snapshots[2]; /* the last one, and the place for the next */
    unsigned snapshot_last;
    uint32_t segment_count;
    struct segment segments[FIL_SEGMENT_CAPACITY];
} recording = {
    .nodes = SPARES(NODES, sizeof(struct fil_nodes)),
    .codes = SPARES(CODES, FIL_CODES_PER_SEGMENT * sizeof(struct fil_code)),
    .texts = SPARES(TEXT, FIL_TEXT_SEGMENT_BYTES),
    .files = SPARES(FILES, FIL_FILES_KEPT * sizeof(struct fil_file)),
    .large = SPARES(LARGE, FIL_LARGE_KEPT * sizeof(struct fil_large)),
};

struct fil_header *recording_open(const char *path, uint32_t python_version, int *error)
{
    size_t length = strlen(path);
    if (length >= sizeof recording.path) {
        *error = ENAMETOOLONG;
        return NULL;
    }
    memcpy(recording.path, path, length + 1);
    if (!platform_open_file(&recording.file, recording.path, error)) {
        return NULL;
    }
    struct fil_header *header = platform_map_file(&recording.file, 0, FIL_HEADER_BYTES, error);
    if (header == NULL) {
        platform_close_file(&recording.file);
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
    header->file_bytes = recording.file_bytes = FIL_HEADER_BYTES;
    header->started_unix_ns = platform_unix_ns();
    header->started_clock_ns = platform_clock_ns();
    memcpy(header->magic, FIL_FORMAT_MAGIC, sizeof header->magic); /* last: a file with the magic is complete */
    memcpy(recording.beginning, header, BEHIND_BEGINNING);
    recording.header = header;
    return header;
}

int recording_last_error(void)
{
    return recording.last_error;
}

void recording_close(void)
{
    for (uint32_t i = 0; i < recording.segment_count; i++) {
        platform_unmap_file(recording.segments[i].start, recording.segments[i].bytes);
    }
    platform_unmap_file(recording.header, FIL_HEADER_BYTES);
    platform_close_file(&recording.file);
    recording.header = NULL;
    recording.segment_count = 0;
    recording.files_told = recording.large_told = false;
    recording.nodes.count = recording.codes.count = recording.texts.count = 0;
    recording.files.count = recording.large.count = 0;
    recording.snapshots[0] = recording.snapshots[1] = (struct snapshot_place){0, 0};
    recording.snapshot_last = 0;
    recording.last_error = 0;
}

static bool holds(const struct segment *segment, uintptr_t address)
{
    return address - (uintptr_t)segment->start < segment->bytes;
}

bool recording_mend(uintptr_t address)
{
    if (recording.header == NULL) {
        return false;
    }
    struct segment header = {.start = recording.header, .bytes = FIL_HEADER_BYTES, .offset = 0};
    bool mended = holds(&header, address) && platform_replace_mapping(header.start, header.bytes);
    for (uint32_t i = 0; i < recording.segment_count; i++) {
        const struct segment *segment = &recording.segments[i];
        if (holds(segment, address)) {
            mended = platform_replace_mapping(segment->start, segment->bytes) || mended;
        }
    }
    return mended;
}

bool recording_is_intact(void)
{
    const struct fil_header *header = recording.header;
    bool intact = memcmp(header, recording.beginning, offsetof(struct fil_header, state)) == 0 &&
                  memcmp((const uint8_t *)header + BEHIND_STATE, recording.beginning + BEHIND_STATE,
                         BEHIND_BEGINNING - BEHIND_STATE) == 0 &&
                  header->file_bytes == recording.file_bytes && header->segment_count == recording.segment_count;
    for (uint32_t i = 0; i < recording.segment_count; i++) {
        intact = intact && header->segments[i].offset == recording.segments[i].offset &&
                 header->segments[i].bytes == recording.segments[i].bytes;
    }
    return intact;
}

void recording_set_state(enum fil_state state)
{
    recording.header->state = state;
}

static uint64_t behind_the_last_page(void)
{
    return platform_whole_pages(recording.file_bytes);
}

static void file_ends_at(uint64_t end)
{
    recording.file_bytes = end;
    recording.header->file_bytes = end;
}

/* Append a segment. A file that cannot grow now may grow later, so failures are not remembered. */
static bool next_segment(enum fil_segment_kind kind, size_t bytes, struct segment *segment)
{
    struct fil_header *header = recording.header;
    if (recording.segment_count == FIL_SEGMENT_CAPACITY) {
        return false;
    }
    int error = 0;
    segment->bytes = platform_whole_pages(bytes);
    segment->offset = behind_the_last_page();
    segment->start = platform_map_file(&recording.file, segment->offset, segment->bytes, &error);
    if (segment->start == NULL) {
        recording.last_error = error;
        return false;
    }
    recording.segments[recording.segment_count] = *segment;
    recording.segment_count += 1;
    header->segments[recording.segment_count - 1] =
        (struct fil_segment){.offset = segment->offset, .bytes = segment->bytes, .kind = (uint32_t)kind, .reserved = 0};
    file_ends_at(segment->offset + segment->bytes);
    header->segment_count = recording.segment_count;
    return true;
}

/* Reserve this many spares, if possible. */
static void lay_in(struct spares *spares, uint32_t count)
{
    while (spares->count < count && next_segment(spares->kind, spares->bytes, &spares->segments[spares->count])) {
        spares->count += 1;
    }
}

/* A segment of that kind: a spare one, or else a new one. */
static bool next_of_kind(struct spares *spares, struct segment *segment)
{
    if (spares->count == 0) {
        return next_segment(spares->kind, spares->bytes, segment);
    }
    *segment = spares->segments[0];
    spares->count -= 1;
    memmove(&spares->segments[0], &spares->segments[1], spares->count * sizeof spares->segments[0]);
    return true;
}

void recording_lay_in_stock(void)
{
    lay_in(&recording.nodes, MOST_SPARES);
    lay_in(&recording.codes, MOST_SPARES);
    lay_in(&recording.texts, MOST_SPARES);
    lay_in(&recording.files, recording.files_told ? 0 : 1);
    lay_in(&recording.large, recording.large_told ? 0 : 1);
}

bool recording_keep_snapshot(uint64_t count, snapshot_values *values, const void *source, uint64_t *offset)
{
    static uint64_t piece[SNAPSHOT_PIECE]; /* memory may have run out */
    struct snapshot_place *free_place = &recording.snapshots[recording.snapshot_last == 0];
    if (count > free_place->room) { /* the old content is lost */
        free_place->room = count + count / 4;
        free_place->at = behind_the_last_page();
        file_ends_at(free_place->at + free_place->room * sizeof *piece);
    }
    for (uint64_t first = 0; first < count; first += SNAPSHOT_PIECE) {
        uint64_t part = count - first < SNAPSHOT_PIECE ? count - first : SNAPSHOT_PIECE;
        values(source, first, part, piece);
        uint64_t place = free_place->at + first * sizeof *piece;
        if (!platform_write_file(&recording.file, place, piece, part * sizeof *piece)) {
            return false;
        }
    }
    recording.snapshot_last = recording.snapshot_last == 0;
    *offset = free_place->at;
    return true;
}

struct fil_nodes *recording_next_nodes(void)
{
    struct segment segment;
    bool good = next_of_kind(&recording.nodes, &segment);
    lay_in(&recording.nodes, 1); /* out of memory, the last failed request may have a new call stack */
    return good ? segment.start : NULL;
}

struct fil_code *recording_next_codes(void)
{
    struct segment segment;
    return next_of_kind(&recording.codes, &segment) ? segment.start : NULL;
}

struct fil_file *recording_files(uint64_t *offset)
{
    struct segment segment;
    bool good = next_of_kind(&recording.files, &segment);
    recording.files_told = good;
    *offset = good ? segment.offset : 0;
    return good ? segment.start : NULL;
}

struct fil_large *recording_large(uint64_t *offset)
{
    struct segment segment;
    bool good = next_of_kind(&recording.large, &segment);
    recording.large_told = good;
    *offset = good ? segment.offset : 0;
    return good ? segment.start : NULL;
}

uint8_t *recording_next_text(size_t bytes, uint64_t *offset, size_t *room)
{
    struct segment segment;
    bool good = bytes > FIL_TEXT_SEGMENT_BYTES ? next_segment(FIL_SEGMENT_TEXT, bytes, &segment)
                                               : next_of_kind(&recording.texts, &segment);
    if (!good) {
        return NULL;
    }
    *offset = segment.offset;
    *room = segment.bytes;
    return segment.start;
}

struct fil_threads *recording_threads(void)
{
    struct segment segment;
    return next_segment(FIL_SEGMENT_THREADS, sizeof(struct fil_threads), &segment) ? segment.start : NULL;
}
