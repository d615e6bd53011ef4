#include "attribute/handover.h"

#include <stddef.h>
#include <string.h>

#include "attribute/attribute.h"
#include "attribute/walker.h"
#include "state.h"

#define MOST_FUNCTIONS 16u /* a program may import several copies of a module */
#define GRANULE 16u
#define LEAST_JOB 36u    /* a block of fewer bytes holds no number as large as a job's */
#define MOST_BEFORE 64u /* what the interpreter keeps in front of an object, in the same block, is less than that */

/* What tells the work. The number of a job is an object of its own only where it is none of those that the interpreter keeps
 * in stock: see python_calls.h. */
enum handed {
    HANDED_OBJECT,
    HANDED_JOB,
    STARTED_THREAD, /* no work: this function starts a thread */
};

static const struct kind {
    const char *file;
    const char *name;
    const char *qualified_name;
    uint32_t variable;
    enum handed holds;
} kinds[] = {
#define HANDING(file, name, qualified_name, variable, variable_name, holds) {file, name, qualified_name, variable, holds},
#include "attribute/handing.def"
#undef HANDING
};

static struct {
    uint32_t numbers[MOST_FUNCTIONS];
    const struct kind *kinds[MOST_FUNCTIONS];
    uint32_t count;
} functions;

static bool ends_with(const uint8_t *text, uint32_t bytes, const char *end)
{
    size_t length = strlen(end);
    return bytes >= length && memcmp(text + bytes - length, end, length) == 0;
}

static bool equals(const uint8_t *text, uint32_t bytes, const char *other)
{
    return bytes == strlen(other) && memcmp(text, other, bytes) == 0;
}

static const struct kind *kind_of(uint32_t number)
{
    for (uint32_t i = 0; i < functions.count; i++) {
        if (functions.numbers[i] == number) {
            return functions.kinds[i];
        }
    }
    return NULL;
}

void handover_meet(uint32_t number, const uint8_t *filename, uint32_t filename_bytes, const uint8_t *name,
                   uint32_t name_bytes)
{
    if (kind_of(number) != NULL) {
        return; /* met before, as another code object with the same content */
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && functions.count < MOST_FUNCTIONS; i++) {
        const char *wanted = walker.layout.code_qualname != 0 ? kinds[i].qualified_name : kinds[i].name;
        if (equals(name, name_bytes, wanted) && ends_with(filename, filename_bytes, kinds[i].file)) {
            functions.numbers[functions.count] = number;
            functions.kinds[functions.count] = &kinds[i];
            functions.count += 1;
        }
    }
}

static uintptr_t variable_of(uintptr_t frame, const struct kind *kind)
{
    return load_address(frame + walker.layout.frame_locals + kind->variable * sizeof(uintptr_t));
}

/* The callstack that asked for the block in which the object lies; FIL_NODE_NONE if none is recorded. The frame holds the
 * object, so the block is not given back meanwhile. */
static uint32_t maker_of(uintptr_t object, const struct kind *kind)
{
    uint32_t least_bytes = kind->holds == HANDED_JOB ? LEAST_JOB : 1;
    for (uint32_t before = 0; object != 0 && before < MOST_BEFORE; before += GRANULE) {
        const uint32_t *slot = block_slot(&state.ledger.blocks, object - before);
        if (slot != NULL && slot[0] != 0) {
            struct block block = block_read(slot);
            bool fits = block.bytes > before && block.bytes - before >= least_bytes && block.node != FIL_NODE_LOST;
            return fits ? block.node : FIL_NODE_NONE;
        }
    }
    return FIL_NODE_NONE;
}

bool handover_at(struct thread_context *context, uint32_t at, uint32_t number, uint32_t *start)
{
    const struct kind *kind = functions.count == 0 || walker.layout.frame_locals == 0 ? NULL : kind_of(number);
    if (kind == NULL || kind->holds == STARTED_THREAD) {
        return false;
    }
    uintptr_t frame = context->frames[at].frame;
    context->handed_at = at;
    context->handed_frame = frame;
    context->handed_value = variable_of(frame, kind);
    context->handed_function = number;
    context->generation = context->checked_generation - 1; /* so that each event asks whether it is still the same */
    uint32_t maker = maker_of(untagged(context->handed_value), kind);
    context->handed_maker = maker;
    *start = maker == FIL_NODE_NONE ? FIL_NODE_NONE : attribute_mark(maker, FIL_MARK_HANDED);
    const struct fil_thread *thread = thread_record();
    if (*start != FIL_NODE_NONE && thread != NULL) {
        ledger_thread_link(&state.ledger, thread, *start);
    }
    if (*start == maker) {
        *start = FIL_NODE_NONE;
    }
    return true;
}

uintptr_t handover_started_thread(const struct thread_context *context, uint32_t node)
{
    const struct kind *kind = kind_of(ledger_node(&state.ledger, node)->code);
    bool starts = kind != NULL && kind->holds == STARTED_THREAD && context->depth != 0 && walker.layout.frame_locals != 0 &&
                  context->frames[context->depth - 1].node == node;
    return starts ? untagged(variable_of(context->frames[context->depth - 1].frame, kind)) : 0;
}

static bool unchanged(const struct thread_context *context)
{
    uint32_t at = context->handed_at;
    if (at >= context->depth || context->frames[at].frame != context->handed_frame ||
        ledger_node(&state.ledger, context->frames[at].node)->code != context->handed_function) {
        return false;
    }
    const struct kind *kind = kind_of(context->handed_function);
    uintptr_t value = variable_of(context->handed_frame, kind);
    return value == context->handed_value && maker_of(untagged(value), kind) == context->handed_maker;
}

bool handover_unchanged(const struct thread_context *context)
{
    bool locked = state_enter();
    /* If tracking has ended meanwhile, or begun again, attribute_still walks anew. */
    bool current = state.tracking && context->checked_generation == state.generation;
    bool same = !current || unchanged(context);
    state_leave(locked);
    return same;
}

void handover_end(void)
{
    functions.count = 0;
}
