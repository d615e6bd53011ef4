/* Where a CPython of a known version keeps what is read of further objects: dicts, and the objects that run tasks. */
#ifndef FIL_OBJECTS_H
#define FIL_OBJECTS_H

#include <stdint.h>

/* Byte offsets. In an unknown version all are 0: such objects are not read then. */
struct object_layout {
    uint16_t minor_version;
    uint16_t frame_globals;   /* frame: the globals of its function, a dict */
    uint16_t keys_entries;    /* a dict's table of keys: its number of entries */
    uint16_t keys_indices;    /* the same: start of its indices; the entries follow them */
    uint16_t frame_generator; /* until 3.10, in a frame: its generator or coroutine */
    uint16_t generator_frame; /* from 3.11 on, in a generator or coroutine: its frame. In builds with the GIL */
};

/* For a version of CPython 3, as sys.hexversion. */
struct object_layout objects_for_version(uint32_t python_version);

#endif
