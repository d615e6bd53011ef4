/* Where a CPython of a known version keeps what is read of further objects: dicts, and what runs a program's tasks. */
#ifndef FIL_OBJECTS_H
#define FIL_OBJECTS_H

#include <stdint.h>

/* Byte offsets. Of a version that is not known all are 0: such objects are not read then. */
struct object_layout {
    uint16_t minor_version;
    uint16_t frame_globals;   /* frame: the globals of its function, a dict */
    uint16_t keys_entries;    /* a dict's table of keys: how many entries it has */
    uint16_t keys_indices;    /* the same: where its indices begin; the entries come behind them */
    uint16_t frame_generator; /* until 3.10, in a frame: its generator or coroutine */
    uint16_t generator_frame; /* from 3.11 on, in a generator or coroutine: its frame. In builds with the GIL */
};

/* For a version of CPython 3, as sys.hexversion. */
struct object_layout objects_for_version(uint32_t python_version);

#endif
