/* What a thread remembers of its last walk. */
#ifndef FIL_THREAD_CONTEXT_H
#define FIL_THREAD_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/thread_origin.h"

#define KNOWN_FIRST 4096u /* a power of two, as are all sizes of `known`, which doubles */
#define KNOWN_MOST 131072u
#define WHERE_ENTRIES 1024u /* a power of two */
#define NO_TASK UINT32_MAX
#define NO_THREAD_STATE 1u /* no address, and not NULL: the holder of the GIL may be NULL */

struct task_function;

/* A frame as the last walk saw it. The first two fields are adjacent, and aligned, so that they can be compared at once
 * (frame_walk.c). `previous` of one is `frame` of the next outer one; in the outermost it is what ended the walk. */
struct cached_frame {
    _Alignas(2 * sizeof(uintptr_t)) uintptr_t previous;
    uintptr_t instruction; /* its position: an address, or the code object's address if `index` has the position */
    uintptr_t frame;
    uint32_t node;  /* of the call stack that ends with this frame */
    uint32_t index; /* instruction forms with an index: that index. With an address: first of this frame's run */
};

/* (node, instruction) -> node of the call stack one frame longer, for recent lookups. */
struct cached_child {
    uintptr_t key;
    uint32_t salted_parent; /* with the context's salt, which excludes older entries; 0: empty */
    uint32_t node;
};

struct thread_context {
    struct cached_frame *frames; /* outermost first */
    uintptr_t *run_chunk;        /* for the first frame of a run: the chunk that holds the run, 0 for none */
    uintptr_t *fresh;            /* frames seen in this walk that are not in `frames` yet, innermost first */
    uintptr_t thread_state;      /* the thread's own, the first one found for it; else NO_THREAD_STATE */
    uintptr_t state_block; /* the marked block that contains it; 0: none, so it may be gone (other_interpreter.c) */
    struct thread_context *guest; /* of its walks in another interpreter; NULL: it was in none */
    uint32_t depth;               /* frames in use */
    uint32_t joined;              /* frames whose `index` is their run; short_stack.c leaves the others to a walk */
    uint32_t capacity;            /* of the three arrays */
    uint32_t start_node;          /* the call stacks of this thread hang below it */
    uint32_t outer_node;          /* the outermost of `frames` hangs below it: start_node, or walker.base_node */
    uint32_t generation;          /* checked_generation, or another number if each event needs care: see attribute.c */
    uint32_t checked_generation;  /* state.generation when the caches were last cleared */
    uint32_t latest;              /* node of the thread's last event with Python frames; its C threads read it */
    uint32_t session;             /* the tracking session in which `latest` is a node */
    bool of_first_thread;         /* the process's first thread, which shuts the interpreter down */
    uint32_t reuse_count;         /* increases when its thread ends: another thread may reuse it */
    uint32_t worker_parent;       /* its creator's `latest` when `worker_node` was made */
    uint32_t worker_node;
    struct cached_child *known; /* places hashed by parent and key */
    uint32_t known_count;
    uint32_t known_replaced; /* entries that were replaced since `known` has grown */
    uint32_t salt;           /* in the bits above a node number; a new one empties `known` */
    uint32_t task_frame_at;  /* index of the innermost frame that runs submitted work (tasks.h), else NO_TASK */
    uint32_t task_code;      /* the number of its function */
    uintptr_t task_frame;    /* its address */
    uintptr_t task_value;    /* the object that identified the work when its call stack was looked up */
    uint32_t task_submitter; /* and the call stack that had made it: addresses are reused */
    uint32_t guest_start;    /* this call stack ran the code there */
    uint32_t marked_maker;   /* of the last submitted work: FIL_NODE_NONE: none yet */
    uint32_t marked_start;   /* the mark that was found below it */
    const struct task_function *task_function; /* what kind of function runs it */
    struct thread_context *next_free;
    struct thread_context *next;   /* list of all contexts */
    uint32_t where[WHERE_ENTRIES]; /* frame address, hashed -> its index in `frames`, to be verified there */
};

struct thread_local_state {
    struct thread_context *context; /* NULL: none yet, or no longer */
    struct fil_thread *thread;      /* its record in the recording; NULL: none. Use thread_record() to read it */
    uint32_t thread_session;        /* the tracking session of that record */
    struct thread_origin origin;    /* all 0: not known */
    bool ended;                     /* the thread's function returned: a new context would never be released */
    bool finalizes;                 /* this thread runs Python's finalization */
};

extern _Thread_local struct thread_local_state thread_local_state;

static inline uint32_t where_slot(uintptr_t frame)
{
    return (uint32_t)(frame >> 4) % WHERE_ENTRIES;
}

/* The calling thread's context, created if it has none; NULL if there is no memory or the thread has ended. */
__attribute__((cold, noinline)) struct thread_context *thread_context_obtain(void);

/* An empty context; NULL if there is no memory. */
struct thread_context *thread_context_new(void);

/* The thread state in this block is gone. Inside an event. */
void thread_contexts_forget_state(uintptr_t block);

/* Let the next new thread reuse the calling thread's context. */
void thread_context_release(void);

/* Find where the call stacks of the calling thread, whose context this is, hang in this tracking session; and its
 * record. */
void thread_context_find_start(struct thread_context *context);

/* The calling thread's record, NULL if it has none. Inside an event. None in a forked child: that recording is its
 * parent's. */
struct fil_thread *thread_record(void);

/* The node below which the calling thread's call stacks hang. */
uint32_t thread_start_node(void);

/* Tracking ends: release memory that no thread needs to continue. Called inside an event. */
void thread_contexts_empty(void);

/* Enlarge the three arrays. Returns false if there is no memory. */
__attribute__((cold, noinline)) bool thread_context_grow(struct thread_context *context);

/* Enlarge `known`, if there is memory. Its entries are forgotten. */
__attribute__((cold, noinline)) void thread_context_know_more(struct thread_context *context);

/* Forget every frame and every cached child. */
void thread_context_clear(struct thread_context *context);

#endif
