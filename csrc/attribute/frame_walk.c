/* The walk: from the thread's innermost frame to the root, against what the last walk of this thread saw.
 *
 * A cached entry has a frame's address, the frame before it and its instruction. Only the whole way to the root
 * identifies a call stack (two calls on two lines of an outer function have equal inner frames), so every cached frame
 * that is kept is compared, each time. That is cheap in two ways:
 *   - link by link, but reading from the cached address, which the link just compared equal to: the processor need not
 *     wait for one frame to find the next;
 *   - a run of frames in one chunk of the thread's data stack, which is mapped as long as the chunk is in use, is
 *     compared in any order, with all differences combined into one.
 */
#include "attribute/frame_walk.h"

#include <stddef.h>

#include "attribute/inline.h"
#include "attribute/child_cache.h"
#include "attribute/short_stack.h"
#include "attribute/thread_context.h"
#include "attribute/walker.h"

#define NO_MATCH UINT32_MAX
#define SHORT_RUN 4u        /* fewer frames than this are compared link by link */
#define FRAME_HEAD_BYTES 80 /* of a frame in a chunk: more than a comparison reads */

/* Two adjacent addresses, compared as one: of a cached frame, which is aligned for it (an instruction less), and of the
 * interpreter's. */
typedef uint64_t address_pair __attribute__((vector_size(16), may_alias));
typedef address_pair unaligned_pair __attribute__((aligned(8)));

INLINE uint32_t read_index(uintptr_t frame)
{
    return *(const uint32_t *)(frame + walker.layout.frame_instruction);
}

/* Is the frame of `entry` at the same instruction? `pointers`: the layout has an address for it. */
INLINE bool same_instruction(const struct cached_frame *entry, bool pointers)
{
    if (pointers) {
        return load_address(entry->frame + walker.layout.frame_instruction) == entry->instruction;
    }
    return load_address(entry->frame + walker.layout.frame_code) == entry->instruction &&
           read_index(entry->frame) == entry->index;
}

INLINE void read_instruction(struct cached_frame *entry, bool pointers)
{
    if (pointers) {
        entry->instruction = load_address(entry->frame + walker.layout.frame_instruction);
    } else {
        entry->instruction = load_address(entry->frame + walker.layout.frame_code);
        entry->index = read_index(entry->frame);
    }
}

/* The chunk of this thread's data stack that holds `frame`, 0 if none does. */
static uintptr_t chunk_of(uintptr_t thread_state, uintptr_t frame)
{
    const struct fil_layout *layout = &walker.layout;
    uintptr_t chunk = layout->state_chunk == 0 ? 0 : load_address(thread_state + layout->state_chunk);
    while (chunk != 0 && frame - chunk >= load_address(chunk + layout->chunk_size)) {
        chunk = load_address(chunk + layout->chunk_previous);
    }
    return chunk;
}

/* A frame starts its own run unless it is in the same chunk as the frame before it. */
INLINE void join_run(struct thread_context *context, uint32_t at, uintptr_t thread_state)
{
    struct cached_frame *entry = &context->frames[at];
    uintptr_t chunk = chunk_of(thread_state, entry->frame);
    uint32_t run = at;
    /* Upwards only: whether a run is readable depends on its last frame. Frames that are joined late may be gone, and
     * two that were in two chunks may be in one that was mapped since. */
    if (at != 0 && chunk != 0 && context->run_chunk[context->frames[at - 1].index] == chunk &&
        entry->frame > context->frames[at - 1].frame) {
        run = context->frames[at - 1].index;
    } else {
        context->run_chunk[at] = chunk;
    }
    entry->index = run;
}

/* Compare frames [first, last] of one run in any order. They are in a chunk that is in use, so they are all
 * readable. */
INLINE bool same_run(const struct cached_frame *frames, uint32_t first, uint32_t last)
{
    const uintptr_t previous = walker.layout.frame_previous;
    const uintptr_t instruction = walker.layout.frame_instruction;
    const struct cached_frame *entry = frames + first;
    const struct cached_frame *end = frames + last + 1;
    if (instruction == previous + sizeof(uintptr_t)) {
        address_pair different = {0, 0};
        for (; end - entry >= 4; entry += 4) {
            for (int i = 0; i < 4; i++) {
                different |= *(const unaligned_pair *)(entry[i].frame + previous) ^ *(const address_pair *)&entry[i];
            }
        }
        for (; entry != end; entry++) {
            different |= *(const unaligned_pair *)(entry->frame + previous) ^ *(const address_pair *)entry;
        }
        return (different[0] | different[1]) == 0;
    }
    uintptr_t different = 0;
    for (; entry != end; entry++) {
        different |= load_address(entry->frame + previous) ^ entry->previous;
        different |= load_address(entry->frame + instruction) ^ entry->instruction;
    }
    return different == 0;
}

/* Compare frames [first, last] link by link, innermost first. Lowers `*changed` to the outermost frame at another
 * instruction of its function. Returns false if a frame has another caller than before. */
INLINE bool same_links(const struct cached_frame *frames, uint32_t first, uint32_t last, uint32_t *changed,
                       bool pointers)
{
    const uintptr_t previous = walker.layout.frame_previous;
    for (uint32_t at = last + 1; at-- > first;) {
        if (load_address(frames[at].frame + previous) != frames[at].previous) {
            return false;
        }
        if (!same_instruction(&frames[at], pointers)) {
            *changed = at;
        }
    }
    return true;
}

/* Compare the cached frames from `match` down to the root, like same_links. */
INLINE bool same_way_down(const struct thread_context *context, uint32_t match, uintptr_t thread_state,
                          uint32_t *changed, bool pointers)
{
    const struct cached_frame *frames = context->frames;
    if (!pointers) {
        return same_links(frames, 0, match, changed, false);
    }
    uint32_t last = match;
    if (!same_links(frames, last, last, changed, true)) { /* the innermost has mostly moved on */
        return false;
    }
    uintptr_t chunk = 0;
    bool chunk_known = false;
    while (last-- > 0) {
        uint32_t first = frames[last].index;
        if (last - first >= SHORT_RUN) {
            if (!chunk_known) {
                chunk = load_address(thread_state + walker.layout.state_chunk);
                chunk_known = true;
            }
            uintptr_t wanted = context->run_chunk[first];
            uintptr_t found = chunk;
            while (found != 0 && found != wanted) {
                found = load_address(found + walker.layout.chunk_previous);
            }
            if (found != 0) {
                chunk = found; /* older runs are in older chunks */
                uintptr_t room = load_address(found + walker.layout.chunk_size) - FRAME_HEAD_BYTES;
                if (frames[last].frame - found < room && same_run(frames, first, last)) {
                    last = first;
                    continue;
                }
            } else if (wanted != 0) {
                chunk = 0;
            }
        }
        if (!same_links(frames, first, last, changed, true)) {
            return false;
        }
        last = first;
    }
    return true;
}

/* From `frame` on, collect every frame that is not in the cache as fresh. Returns the index of the cached frame that
 * was reached, NO_MATCH if none was; `*count` frames are fresh. Without memory for them, `*count` is NO_MATCH. */
INLINE uint32_t collect_fresh(struct thread_context *context, uintptr_t frame, uint32_t depth, uint32_t *count)
{
    uint32_t fresh = 0;
    uint32_t match = NO_MATCH;
    while (!is_walks_end(frame)) {
        uint32_t at = context->where[where_slot(frame)];
        if (at < depth && context->frames[at].frame == frame) {
            match = at;
            break;
        }
        if (fresh == context->capacity && !thread_context_grow(context)) {
            fresh = NO_MATCH;
            break;
        }
        context->fresh[fresh++] = frame;
        frame = load_address(frame + walker.layout.frame_previous);
    }
    if (is_walks_end(frame)) {
        context->outer_node = node_at_end(context, frame);
    }
    *count = fresh;
    return match;
}

INLINE uint32_t walk(struct thread_context *context, uintptr_t thread_state, uintptr_t innermost, bool pointers)
{
    uint32_t depth = context->depth;
    uint32_t match = depth - 1;
    uint32_t fresh = 0;
    for (; pointers && context->joined < depth; context->joined++) {
        join_run(context, context->joined, thread_state);
    }
    if (depth == 0 || context->frames[match].frame != innermost) {
        match = collect_fresh(context, innermost, depth, &fresh);
    }
    uint32_t changed = match + 1;
    if (fresh != NO_MATCH && match != NO_MATCH && !same_way_down(context, match, thread_state, &changed, pointers)) {
        match = collect_fresh(context, innermost, 0, &fresh); /* another stack: start again */
        changed = 0;
    }
    while (fresh != NO_MATCH && match + 1 + fresh > context->capacity) {
        if (!thread_context_grow(context)) {
            fresh = NO_MATCH;
        }
    }
    if (fresh == NO_MATCH) {
        context->depth = 0;
        return FIL_NODE_LOST;
    }
    struct cached_frame *frames = context->frames;
    depth = match + 1;
    uint32_t node = changed == 0 ? context->outer_node : frames[changed - 1].node;
    for (uint32_t at = changed; at < depth; at++) {
        read_instruction(&frames[at], pointers);
        node = child_of(context, node, &frames[at], pointers);
        frames[at].node = node;
    }
    for (; fresh != 0; depth++) {
        struct cached_frame *entry = &frames[depth];
        entry->frame = context->fresh[--fresh];
        entry->previous = load_address(entry->frame + walker.layout.frame_previous);
        context->where[where_slot(entry->frame)] = depth;
        read_instruction(entry, pointers);
        if (pointers) {
            join_run(context, depth, thread_state);
        }
        node = child_of(context, node, entry, pointers);
        entry->node = node;
    }
    context->depth = context->joined = depth;
    __atomic_store_n(&context->latest, node, __ATOMIC_RELAXED);
    return node;
}

static __attribute__((noinline)) uint32_t walk_pointers(struct thread_context *context, uintptr_t thread_state,
                                                        uintptr_t innermost)
{
    return walk(context, thread_state, innermost, true);
}

static __attribute__((noinline)) uint32_t walk_indexes(struct thread_context *context, uintptr_t thread_state,
                                                       uintptr_t innermost)
{
    return walk(context, thread_state, innermost, false);
}

uint32_t frame_walk(struct thread_context *context, uintptr_t thread_state, uintptr_t innermost)
{
    if (walker.layout.form != INSTRUCTION_POINTER) {
        return walk_indexes(context, thread_state, innermost);
    }
    uint32_t node = context->depth <= SHORT_STACK ? short_stack_moved(context, innermost) : FIL_NODE_NONE;
    return LIKELY(node != FIL_NODE_NONE) ? node : walk_pointers(context, thread_state, innermost);
}
