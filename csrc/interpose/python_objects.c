/* When a dict, list, tuple, ... dies, its block goes to a free list of the interpreter, and the next of its kind takes
 * the block without calling any allocator. From CPython 3.13 on the interpreter reports every new object, to one
 * listener (PyRefTracer_SetTracer). If the object's block is not one that was just allocated, it changes its owner
 * here.
 *
 * Floats are excluded: a calculation creates and drops little else, and each would cost a walk (docs/how-it-works.md
 * has figures).
 *
 * The total does not change; so this is no event for the peak, and no allocation.
 *
 * There is room for one listener. Another one that is there (tracemalloc, one of the program's tools) or comes later
 * has the place, and the library returns when it is empty. It never calls another listener: that one may be gone by
 * then.
 */
#include "interpose/python_objects.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "attribute/attribute.h"
#include "attribute/inline.h"
#include "attribute/fast_path.h"
#include "interpose/events.h"
#include "interpose/python_hooks.h"
#include "platform/platform.h"

typedef int object_listener(void *object, int event, void *data); /* CPython's PyRefTracer */
typedef int set_listener(object_listener *listener, void *data);
typedef object_listener *get_listener(void **data);

#define EVENT_MADE \
    0 /* PyRefTracer_CREATE. Others are an object's end, and (without an object) another listener's arrival */

#define FLAG_COLLECTED (UINT64_C(1) << 14) /* Py_TPFLAGS_HAVE_GC */
#define FLAGS_MANAGED (UINT64_C(3) << 3)   /* Py_TPFLAGS_MANAGED_WEAKREF, Py_TPFLAGS_MANAGED_DICT */
#define SPACING (1u << BLOCK_GRANULE_BITS)

static struct fil_objects layout;
static uintptr_t float_type; /* &PyFloat_Type */
static bool known;
static bool wanted;      /* tracking is on */
static bool stops_world; /* setting the listener stops all threads, which must not happen inside an allocation */

static set_listener *set_function;
static get_listener *get_function;

/* Before CPython 3.14 tracemalloc may leave its listener in place when it stops: a function in this piece of code. */
static struct {
    uintptr_t start;
    uintptr_t end;
} interpreter;

/* The block that contains an object: its type determines what the interpreter puts before it. */
INLINE uintptr_t object_block(uintptr_t object)
{
    uintptr_t type = load_address(object + layout.type);
    uint64_t flags = *(const uint64_t *)(type + layout.type_flags);
    uintptr_t before = (flags & FLAG_COLLECTED) != 0 ? layout.collected_before : 0;
    return object - before - ((flags & FLAGS_MANAGED) != 0 ? layout.managed_before : 0);
}

/* Like attribute_current_callstack, inline: objects are created where the interpreter's state is held. */
INLINE uint32_t present_node(void)
{
    uintptr_t running = attribute_running_state();
    struct thread_context *context = attribute_ready(running);
    if (context == NULL) {
        return attribute_current_callstack();
    }
    uintptr_t innermost = innermost_frame(running);
    uint32_t node = same_short_stack(context, innermost);
    return node == FIL_NODE_NONE ? attribute_moved(innermost) : node;
}

/* An object whose block is not the newest one. */
static __attribute__((noinline)) int made_elsewhere(uintptr_t object)
{
    uintptr_t block = object_block(object);
    if (event_newest == block) {
        event_newest = 0;
        return 0;
    }
    if (!events_counted() || block % SPACING != 0) {
        return 0;
    }
    uint32_t *slot = event_find_block((const void *)block);
    if (slot == NULL) {
        return 0;
    }
    uint32_t node = present_node();
    if (slot[0] >> BLOCK_SIZE_BITS != node && node != FIL_NODE_LOST && block_begins(slot, block)) {
        event_calls.reused(slot, node);
    }
    return 0;
}

static int object_made(void *object, int event, void *data)
{
    (void)data;
    if (event != EVENT_MADE) {
        return 0;
    }
    /* Without reading its type: nothing else can begin there, or one header further on. The next object that does has
     * the block from a free list. */
    if (LIKELY((((uintptr_t)object - event_newest) & ~(uintptr_t)SPACING) == 0)) {
        event_newest = 0;
        return 0;
    }
    if (load_address((uintptr_t)object + layout.type) == float_type) {
        return 0;
    }
    return made_elsewhere((uintptr_t)object);
}

int32_t python_objects_use(const struct fil_objects *objects)
{
    void *set = platform_symbol("PyRefTracer_SetTracer");
    void *get = platform_symbol("PyRefTracer_GetTracer");
    if (set == NULL || get == NULL) {
        return FIL_ERROR_NO_PYTHON;
    }
    memcpy(&set_function, &set, sizeof set);
    memcpy(&get_function, &get, sizeof get);
    float_type = (uintptr_t)platform_symbol("PyFloat_Type");
    struct platform_module module;
    if (attribute_python_version() < 0x030E0000 && platform_module_at((uintptr_t)set, &module)) {
        interpreter.start = module.start;
        interpreter.end = module.end;
    }
    layout = *objects;
    stops_world = layout.collected_before == 0 && attribute_python_version() >= 0x030E0000; /* without the GIL */
    known = true;
    return FIL_OK;
}

bool python_objects_used(struct fil_objects *objects)
{
    *objects = layout;
    return known;
}

bool python_objects_known(void)
{
    return known;
}

/* Is this tracemalloc's listener, left behind? While tracemalloc is on, it wraps the interpreter's allocators. */
static bool left_behind(object_listener *present, const void *data)
{
    uintptr_t address = (uintptr_t)present;
    return data == NULL && address >= interpreter.start && address < interpreter.end && python_hooks_outermost();
}

static bool enter_place(void)
{
    void *data = NULL;
    object_listener *present = get_function(&data);
    if (present == object_made) {
        return true;
    }
    bool free = present == NULL || left_behind(present, data);
    return free && set_function(object_made, NULL) == 0;
}

void python_objects_follow(void)
{
    wanted = known;
    if (wanted) {
        (void)enter_place();
    }
}

void python_objects_return(void)
{
    if (wanted && state.tracking && !stops_world) {
        (void)enter_place();
    }
}

void python_objects_leave(void)
{
    if (wanted && get_function(NULL) == object_made) {
        (void)set_function(NULL, NULL);
    }
    wanted = false;
}
