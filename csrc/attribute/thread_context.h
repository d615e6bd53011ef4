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
#define NO_THREAD_STATE 1u /* no address, and not NULL: what holds the GIL may be NULL */

struct task_function;

/* A frame as the last walk saw it. The first two fields stand together so that they can be compared in one piece.
 * `previous` of one is `frame` of the next outer one; of the outermost it is what ended the walk. */
struct cached_frame {
    uintptr_t previous;
    uintptr_t instruction; /* where it was: an address, or the code object's address if `index` says where */
    uintptr_t frame;
    uint32_t node;  /* of the callstack that ends with this frame */
    uint32_t index; /* instruction forms with an index: that index. With an address: first of this frame's run */
};

/* (node, instruction) -> node of the callstack one frame longer, for what was looked up lately. */
struct cached_child {
    uintptr_t key;
    uint32_t salted_parent; /* with the context's salt, so that older entries do not count; 0: empty */
    uint32_t node;
};

struct thread_context {
    struct cached_frame *frames; /* outermost first */
    uintptr_t *run_chunk;        /* for the first frame of a run: the chunk that holds the run, 0 for none */
    uintptr_t *fresh;            /* frames met in this walk that are not in `frames` yet, innermost first */
    uintptr_t thread_state;      /* the thread's own, the first that it was found with; else NO_THREAD_STATE */
    uintptr_t state_block; /* the marked block in which that lies; 0: none, so it may be gone (other_interpreter.c) */
    struct thread_context *guest; /* of its walks in another interpreter; NULL: it was in none */
    uint32_t depth;               /* frames in use */
    uint32_t joined;              /* frames whose `index` tells their run; short_stack.c leaves the others to a walk */
    uint32_t capacity;            /* of the three arrays */
    uint32_t start_node;          /* below it hang the callstacks of this thread */
    uint32_t outer_node;          /* below it hangs the outermost of `frames`: start_node, or walker.base_node */
    uint32_t generation;          /* checked_generation, or another number if each event needs care: see attribute.c */
    uint32_t checked_generation;  /* state.generation when the caches were last cleared */
    uint32_t latest;              /* node of the thread's last event with Python frames; its C threads look at it */
    uint32_t session;             /* of tracking, in which `latest` is a node */
    bool of_first_thread;         /* of the one that the process began with, which takes the interpreter down */
    uint32_t reuse_count;         /* raised when its thread ends: it may become another's */
    uint32_t worker_parent;       /* what its creator's `latest` was when `worker_node` was made */
    uint32_t worker_node;
    struct cached_child *known; /* places hashed by parent and key */
    uint32_t known_count;
    uint32_t known_replaced; /* entries that had to make room since `known` has grown */
    uint32_t salt;           /* stands in the bits above a node number; a new one empties `known` */
    uint32_t task_frame_at;  /* index of the innermost frame that runs submitted work (tasks.h), else NO_TASK */
    uint32_t task_code;      /* the number of its function */
    uintptr_t task_frame;    /* its address */
    uintptr_t task_value;    /* the object that told the work when its callstack was looked up */
    uint32_t task_submitter; /* and the callstack that had made it: addresses are used again */
    uint32_t guest_start;    /* what was run there was run by this callstack */
    uint32_t marked_maker;   /* of the last submitted work: FIL_NODE_NONE: none yet */
    uint32_t marked_start;   /* the mark that was found below it */
    const struct task_function *task_function; /* what kind of function runs it */
    struct thread_context *next_free;
    struct thread_context *next;   /* of all there are */
    uint32_t where[WHERE_ENTRIES]; /* frame address, hashed -> its index in `frames`, to be checked there */
};

struct thread_local_state {
    struct thread_context *context; /* NULL: none yet, or no longer */
    struct fil_thread *thread;      /* its record in the recording; NULL: none. To be asked for by thread_record() */
    uint32_t thread_session;        /* the session of tracking that the record is of */
    struct thread_origin origin;    /* all 0: nothing is known */
    bool ended;                     /* the thread's function returned: a new context would never be given back */
    bool finalizes;                 /* this thread runs Python's finalization */
};

extern _Thread_local struct thread_local_state thread_local_state;

static inline uint32_t where_slot(uintptr_t frame)
{
    return (uint32_t)(frame >> 4) % WHERE_ENTRIES;
}

/* The calling thread's context, made if it has none; NULL if there is no memory or the thread has ended. */
__attribute__((cold, noinline)) struct thread_context *thread_context_obtain(void);

/* A context with nothing in it; NULL if there is no memory. */
struct thread_context *thread_context_new(void);

/* The thread state that lay in this block is gone. Inside an event. */
void thread_contexts_forget_state(uintptr_t block);

/* Give the calling thread's context to whichever thread comes next. */
void thread_context_release(void);

/* Where the callstacks of the calling thread hang, whose context this is, in this session of tracking; its record
 * there.
 */
void thread_context_find_start(struct thread_context *context);

/* The calling thread's record, NULL if it has none. Inside an event. None in a fork's child: that recording is its
 * parent's. */
struct fil_thread *thread_record(void);

/* The node below which the calling thread's callstacks hang. */
uint32_t thread_start_node(void);

/* Tracking ends: let memory go that no thread needs to go on. Called inside an event. */
void thread_contexts_empty(void);

/* Let the three arrays hold more. Returns false if there is no memory. */
__attribute__((cold, noinline)) bool thread_context_grow(struct thread_context *context);

/* Let `known` have more places, if there is memory for them. What it held is forgotten. */
__attribute__((cold, noinline)) void thread_context_know_more(struct thread_context *context);

/* Forget every frame and every known child. */
void thread_context_clear(struct thread_context *context);

#endif
