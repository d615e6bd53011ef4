#include "attribute/task_objects.h"

#include <stddef.h>
#include <string.h>

#include "attribute/walker.h"
#include "state.h"

#define GRANULE 16u
#define MOST_BEFORE 64u       /* the interpreter puts less than this before an object, in the same block */
#define LEAST_JOB 36u         /* a smaller block holds no number as large as a job's */
#define LEAST_HANDLE 72u      /* nor a handle */
#define OWNED_BY_GENERATOR 1u /* from 3.11 on, the owner of the frame of a generator or coroutine */
#define HEAD_BYTES 16u        /* of an object, where its layout is listed; without the GIL it is larger */

static uintptr_t head_bytes(void)
{
    return walker.layout.bytes_size;
}

static uintptr_t type_of(uintptr_t object)
{
    return load_address(object + head_bytes() - sizeof(uintptr_t));
}

static const char *type_name(uintptr_t object)
{
    return (const char *)load_address(type_of(object) + head_bytes() + sizeof(uintptr_t));
}

uintptr_t frame_variable(uintptr_t frame, uint32_t variable)
{
    return untagged(load_address(frame + walker.layout.frame_locals + variable * sizeof(uintptr_t)));
}

/* From the lowest address on: an object's own block is the first that reaches it, and the table's entries behind a
 * block's first slot are not mistaken for a block. */
uint32_t task_submitter(uintptr_t object, enum task_kind holds)
{
    uint32_t least_bytes = holds == TASK_JOB ? LEAST_JOB : holds == TASK_HANDLE ? LEAST_HANDLE : 1;
    for (uint32_t before = MOST_BEFORE; object != 0 && before != 0;) {
        before -= GRANULE;
        const uint32_t *slot = block_slot(&state.ledger.blocks, object - before);
        if (slot != NULL && slot[0] != 0) {
            struct block block = block_read(slot);
            if (block.bytes > before) {
                bool fits = block.bytes - before >= least_bytes && block.node != FIL_NODE_LOST;
                return fits ? block.node : FIL_NODE_NONE;
            }
        }
    }
    return FIL_NODE_NONE;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t bytes = strlen(end);
    return length >= bytes && memcmp(text + length - bytes, end, bytes) == 0;
}

/* The task whose step a handle runs; the handle itself if it runs anything else. Its slots are in the order of their
 * names: _args, _callback. A task's step is an object of its own with the task as its first field; so is its wakeup
 * until 3.9, and from then on a built-in function that is bound to the task. The frame holds the handle, and the
 * callback's caller holds the callback, even if the handle is cancelled meanwhile. */
static uintptr_t task_or_handle(uintptr_t handle)
{
    if (task_submitter(handle, TASK_HANDLE) == FIL_NODE_NONE) {
        return 0; /* no longer a handle, or one from before tracking, without information */
    }
    uintptr_t callback = load_address(handle + head_bytes() + sizeof(uintptr_t));
    if (callback == 0) {
        return handle;
    }
    const char *name = type_name(callback);
    if (ends_with(name, "TaskStepMethWrapper") || ends_with(name, "TaskWakeupMethWrapper")) {
        return load_address(callback + head_bytes());
    }
    if (strcmp(name, "builtin_function_or_method") == 0) {
        uintptr_t definition = load_address(callback + head_bytes());
        if (strcmp((const char *)load_address(definition), "task_wakeup") == 0) {
            return load_address(callback + head_bytes() + sizeof(uintptr_t));
        }
    }
    return handle;
}

/* The generator or coroutine of this frame; 0 if it is a function's. */
static uintptr_t generator_of(uintptr_t frame)
{
    const struct object_layout *objects = &walker.objects;
    if (objects->frame_generator != 0) {
        return load_address(frame + objects->frame_generator);
    }
    bool owned = objects->generator_frame != 0 && walker.layout.frame_owner != 0 &&
                 *(const uint8_t *)(frame + walker.layout.frame_owner) == OWNED_BY_GENERATOR;
    return owned ? frame - (objects->generator_frame - HEAD_BYTES + head_bytes()) : 0;
}

bool task_coroutine_begins(const struct thread_context *context, uint32_t at)
{
    uintptr_t generator = generator_of(context->frames[at].frame);
    if (generator == 0 || walker.coroutine_type == 0 || type_of(generator) != walker.coroutine_type) {
        return false;
    }
    const struct fil_layout *layout = &walker.layout;
    while (at-- > 0) {
        uintptr_t frame = context->frames[at].frame;
        bool shim = layout->frame_owner != 0 && *(const uint8_t *)(frame + layout->frame_owner) >= layout->shim_owner;
        if (!shim) {
            return at != context->task_frame_at && generator_of(frame) == 0;
        }
    }
    return true;
}

uintptr_t task_object(uintptr_t frame, enum task_kind holds, uint32_t variable)
{
    if (holds == TASK_COROUTINE) {
        return generator_of(frame);
    }
    uintptr_t object = frame_variable(frame, variable);
    return holds == TASK_HANDLE ? task_or_handle(object) : object;
}
