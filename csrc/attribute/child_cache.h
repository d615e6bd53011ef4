/* Which call stack a frame leads to: from the thread's cache of recent lookups, else from the recording. */
#ifndef FIL_CHILD_CACHE_H
#define FIL_CHILD_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/inline.h"
#include "attribute/thread_context.h"
#include "attribute/walker.h"

#define KEY_INDEX_LIMIT (1u << 20)

/* The node of `parent` continued by `entry`, from the recording; cached under `key`, if that is not 0. */
__attribute__((noinline)) uint32_t learn_child(struct thread_context *context, uint32_t parent,
                                               const struct cached_frame *entry, uintptr_t key);

/* The node below which the outermost frame hangs, for a walk that has reached `end` (is_walks_end). */
INLINE uint32_t node_at_end(const struct thread_context *context, uintptr_t end)
{
    return end == 0 ? context->start_node : walker.base_node;
}

/* The cache entry for the child of `parent` at `key`. */
INLINE struct cached_child *known_place(struct thread_context *context, uint32_t parent, uintptr_t key)
{
    uint32_t hash = (uint32_t)(key >> 1) + parent * 0x9e3779b1u;
    return &context->known[(hash ^ hash >> 15) & (context->known_count - 1)];
}

INLINE uint32_t child_of(struct thread_context *context, uint32_t parent, const struct cached_frame *entry,
                         bool pointers)
{
    uintptr_t key = entry->instruction;
    if (!pointers) {
        /* Code objects are aligned to 8 bytes: the index fits below the address, except for monstrous functions. */
        key = key << 17 | ((entry->index + 1) & (KEY_INDEX_LIMIT - 1));
    }
    uint32_t salted_parent = parent | context->salt;
    bool has_key = pointers || entry->index + 1 < KEY_INDEX_LIMIT;
    struct cached_child *known = known_place(context, parent, key);
    if (LIKELY(known->key == key && known->salted_parent == salted_parent && has_key)) {
        return known->node;
    }
    return learn_child(context, parent, entry, has_key ? key : 0);
}

#endif
