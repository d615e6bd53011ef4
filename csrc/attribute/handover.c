#include "attribute/handover.h"

#include <stddef.h>
#include <string.h>

#include "attribute/attribute.h"
#include "attribute/frame_walk.h"
#include "attribute/handed_objects.h"
#include "attribute/short_stack.h"
#include "attribute/walker.h"
#include "state.h"

#define MOST_FUNCTIONS 32u /* a program may import several copies of a module */
#define MOST_BETWEEN (1u << 18)
#define CHANGES 1u         /* no object: each event has to ask again */
#define FIRST_THREAD 1u    /* its number */
#define FIRST_TRACEABLE_BEFORE 16u /* from 3.11 on, in a code object, the bytes from that field to the bytecode */
#define CODE_UNIT 2                /* bytes of an instruction, in which that field counts */

struct handed_kind {
    const char *file;
    const char *name;
    const char *qualified_name;
    uint32_t variable;
    enum handed holds;
};

static const struct handed_kind kinds[] = {
#define HANDING(file, name, qualified_name, variable, variable_name, holds) {file, name, qualified_name, variable, holds},
#define BETWEEN(file)
#include "attribute/handing.def"
#undef HANDING
#undef BETWEEN
};

/* Files of functions that hand work on, inside of other work, for whoever has handed that over. */
static const char *const between[] = {
#define HANDING(file, name, qualified_name, variable, variable_name, holds)
#define BETWEEN(file) file,
#include "attribute/handing.def"
#undef HANDING
#undef BETWEEN
};

static const struct handed_kind coroutine = {"", "", "", 0, HANDED_COROUTINE};

static struct {
    uint32_t numbers[MOST_FUNCTIONS];
    const struct handed_kind *kinds[MOST_FUNCTIONS];
    uint32_t count;
    uint8_t between[MOST_BETWEEN / 8]; /* a bit for each function's number: is it of such a file? */
    bool coroutines; /* an event loop without frames was imported: what it runs is told by coroutines */
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

static const struct handed_kind *kind_of(uint32_t number)
{
    for (uint32_t i = 0; i < functions.count; i++) {
        if (functions.numbers[i] == number) {
            return functions.kinds[i];
        }
    }
    return NULL;
}

static bool is_between(uint32_t number)
{
    return number < MOST_BETWEEN && (functions.between[number / 8] >> number % 8 & 1u) != 0;
}

static void meet_between(uint32_t number, const uint8_t *filename, uint32_t filename_bytes)
{
    for (size_t i = 0; i < sizeof between / sizeof between[0] && number < MOST_BETWEEN; i++) {
        if (ends_with(filename, filename_bytes, between[i])) {
            functions.between[number / 8] |= (uint8_t)(1u << number % 8);
        }
    }
}

void handover_meet(uint32_t number, const uint8_t *filename, uint32_t filename_bytes, const uint8_t *name,
                   uint32_t name_bytes)
{
    if (kind_of(number) != NULL) {
        return; /* met before, as another code object with the same content */
    }
    meet_between(number, filename, filename_bytes);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *wanted = walker.layout.code_qualname != 0 ? kinds[i].qualified_name : kinds[i].name;
        if (!equals(name, name_bytes, wanted) || !ends_with(filename, filename_bytes, kinds[i].file)) {
            continue;
        }
        if (kinds[i].holds == LOOP_WITHOUT_FRAMES) {
            if (!functions.coroutines) { /* where a coroutine's frame leads to may be cached */
                functions.coroutines = true;
                __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
            }
        } else if (functions.count < MOST_FUNCTIONS) {
            functions.numbers[functions.count] = number;
            functions.kinds[functions.count] = &kinds[i];
            functions.count += 1;
        }
    }
}

static bool runs_work(const struct handed_kind *kind)
{
    return kind != NULL && kind->holds != STARTED_THREAD;
}

/* The mark that `maker` hangs below, if nothing but an event loop's own functions is between: then the work is a further step
 * of what that mark is of. Else FIL_NODE_NONE. */
static uint32_t goes_on_at(uint32_t maker)
{
    while (maker >= FIL_NODE_FIRST) {
        const struct fil_node *node = ledger_node(&state.ledger, maker);
        if (node->code == 0) {
            return node->offset == FIL_MARK_TASK ? maker : FIL_NODE_NONE;
        }
        if (!is_between(node->code)) {
            return FIL_NODE_NONE;
        }
        maker = node->parent;
    }
    return FIL_NODE_NONE;
}

/* The mark below `maker`, for the calling thread's frames. FIL_NODE_NONE if there is no room. */
static uint32_t mark_below(struct thread_context *context, uint32_t maker, enum handed holds)
{
    if (maker == context->marked_maker) {
        return context->marked_start;
    }
    bool task = holds == HANDED_HANDLE || holds == HANDED_TASK || holds == HANDED_COROUTINE;
    uint32_t start = task ? goes_on_at(maker) : FIL_NODE_NONE;
    if (start == FIL_NODE_NONE) {
        start = attribute_mark(maker, task ? FIL_MARK_TASK : FIL_MARK_HANDED);
    }
    const struct fil_thread *thread = thread_record();
    if (thread != NULL && !(task && thread->number == FIRST_THREAD)) { /* loops mostly run where their tasks are made */
        ledger_thread_link(&state.ledger, thread, start);
    }
    context->marked_maker = maker;
    context->marked_start = start == maker ? FIL_NODE_NONE : start;
    return context->marked_start;
}

/* From 3.11 on a coroutine is made by its own function's frame, before that begins: then who called it is the maker. */
static uint32_t caller_of_coroutine(uint32_t maker, uint32_t number, uintptr_t frame)
{
    const struct fil_layout *layout = &walker.layout;
    const struct fil_node *node = ledger_node(&state.ledger, maker);
    if (maker < FIL_NODE_FIRST || node->code != number || layout->code_bytecode == 0) {
        return maker;
    }
    uintptr_t code = untagged(load_address(frame + layout->frame_code));
    int32_t first = *(const int32_t *)(code + layout->code_bytecode - FIRST_TRACEABLE_BEFORE);
    return node->offset < first * CODE_UNIT ? node->parent : maker;
}

bool handover_at(struct thread_context *context, uint32_t at, uint32_t number, uint32_t *start)
{
    if ((functions.count == 0 && !functions.coroutines) || walker.layout.frame_locals == 0) {
        return false;
    }
    const struct handed_kind *kind = kind_of(number);
    /* 3.9 leaves out, while it throws into a coroutine that waits for another, all that is below the outer one. */
    if (kind == NULL && (functions.coroutines || at == 0) && handed_coroutine_begins(context, at)) {
        kind = &coroutine;
    }
    if (!runs_work(kind)) {
        return false;
    }
    bool within_other = context->handed_at < at;
    uintptr_t frame = context->frames[at].frame;
    uintptr_t object = handed_object(frame, kind->holds, kind->variable);
    uint32_t maker = handed_maker(object, kind->holds);
    context->handed_at = at;
    context->handed_frame = frame;
    context->handed_kind = kind;
    context->handed_function = number;
    context->handed_value = object;
    context->handed_maker = maker;
    context->generation = context->checked_generation - 1; /* so that each event asks whether it is still the same */
    *start = FIL_NODE_NONE;
    if (maker != FIL_NODE_NONE) {
        maker = kind == &coroutine ? caller_of_coroutine(maker, number, frame) : maker;
        *start = mark_below(context, maker, kind->holds);
    } else if (within_other) { /* then that one decides, which is not asked for */
        context->handed_value = CHANGES;
    }
    return true;
}

uintptr_t handover_started_thread(const struct thread_context *context, uint32_t node)
{
    const struct handed_kind *kind = kind_of(ledger_node(&state.ledger, node)->code);
    bool starts = kind != NULL && kind->holds == STARTED_THREAD && context->depth != 0 &&
                  walker.layout.frame_locals != 0 && context->frames[context->depth - 1].node == node;
    return starts ? frame_variable(context->frames[context->depth - 1].frame, kind->variable) : 0;
}

static bool unchanged(const struct thread_context *context)
{
    uint32_t at = context->handed_at;
    if (at >= context->depth || context->frames[at].frame != context->handed_frame ||
        ledger_node(&state.ledger, context->frames[at].node)->code != context->handed_function) {
        return false;
    }
    const struct handed_kind *kind = context->handed_kind;
    uintptr_t object = handed_object(context->handed_frame, kind->holds, kind->variable);
    return object == context->handed_value && handed_maker(object, kind->holds) == context->handed_maker;
}

/* After a walk of a thread that runs handed work: is it still the same work? */
static bool still_the_same(const struct thread_context *context)
{
    bool locked = state_enter();
    /* If tracking has ended meanwhile, or begun again, attribute_still walks anew. */
    bool current = state.tracking && context->checked_generation == state.generation;
    bool same = !current || unchanged(context);
    state_leave(locked);
    return same;
}

uint32_t handover_walk(struct thread_context *context, uintptr_t thread_state, uintptr_t innermost)
{
    uint32_t node = same_short_stack(context, innermost);
    if (node == FIL_NODE_NONE) {
        node = frame_walk(context, thread_state, innermost);
    }
    if (context->handed_at != NOT_HANDED && !still_the_same(context)) {
        context->depth = 0;
        context->handed_at = NOT_HANDED;
        node = frame_walk(context, thread_state, innermost);
    }
    return node;
}

void handover_end(void)
{
    functions.count = 0;
    functions.coroutines = false;
    memset(functions.between, 0, sizeof functions.between);
}
