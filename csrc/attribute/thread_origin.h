/* Where a thread comes from. */
#ifndef FIL_THREAD_ORIGIN_H
#define FIL_THREAD_ORIGIN_H

#include <stdint.h>

#include "fil_format.h"

struct thread_context;

struct thread_origin {
    const struct thread_context
        *creator;                 /* the Python thread that started it, perhaps through others without Python frames */
    uint32_t creator_reuse_count; /* whether it is still that thread */
    uint32_t creator_node;        /* its call stack then */
    uint32_t start_node;          /* the thread's own call stacks hang below it */
    uint32_t session;             /* the tracking session in which these are nodes */
    char name[FIL_THREAD_NAME_BYTES]; /* the thread's name in Python; all zeros: not known */
};

#endif
