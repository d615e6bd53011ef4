/* The profile function keeps a list of (frame, function, node). Only the innermost frame can have changed its line
 * since the last event, so the nodes of the others are set when they call. Every call checks that the caller is the top
 * frame of the list; if it is not (greenlets switch stacks, some interpreters leave out events) the list is rebuilt
 * from frame.f_back. The list holds a reference to each frame, so none can be gone.
 *
 * The interpreter shows the starter as the thread's profile function. So a program that saves it, sets its own for a
 * while and restores it, starts the shadow stack again. */
#include "attribute/shadow_stack.h"

#include <stddef.h>
#include <string.h>

#include "attribute/code_registry.h"
#include "attribute/python_api.h"
#include "attribute/thread_context.h"
#include "state.h"

#define FIRST_CAPACITY 256u
#define LONGEST_NAME (1u << 20)

struct shadow_frame {
    void *frame;
    uint32_t code; /* number of its function; 0: not recorded */
    int32_t line;  /* for which `node` is right */
    uint32_t node; /* of the call stack that ends with this frame */
};

struct shadow_stack {
    struct shadow_frame *frames; /* outermost first */
    uint32_t depth;
    uint32_t capacity;
    uint32_t start_node;
    bool installing; /* the profile function is being set just now */
    bool replaced;   /* by a profile function of the program's */
    struct shadow_stack *next_free;
};

static struct {
    bool prepared;
    bool pin_code;
    bool said;
    void *starter; /* the Python function that starts a shadow stack; never freed */
    struct shadow_stack *free;
} shadow;

static _Thread_local struct shadow_stack *own;

static int on_event(void *object, void *frame, int event, void *argument);
static void *start_here(void *self, void *arguments);
static struct python_method starter_method = {"filprofiler", start_here, PYTHON_METHOD_ARGUMENTS, NULL};

bool shadow_stack_prepare(bool pin_code)
{
    shadow.pin_code = pin_code;
    shadow.prepared = python_api_find();
    return shadow.prepared;
}

bool shadow_stack_prepared(void)
{
    return shadow.prepared;
}

static bool grow(struct shadow_stack *stack)
{
    const struct ledger_storage *storage = &state.ledger.storage;
    uint32_t capacity = stack->capacity == 0 ? FIRST_CAPACITY : stack->capacity * 2;
    bool locked = state_enter();
    struct shadow_frame *frames = storage->map_pages(capacity * sizeof *frames);
    if (frames != NULL) {
        if (stack->capacity != 0) {
            memcpy(frames, stack->frames, stack->capacity * sizeof *frames);
            storage->unmap_pages(stack->frames, stack->capacity * sizeof *frames);
        }
        stack->frames = frames;
        stack->capacity = capacity;
    }
    state_leave(locked);
    return frames != NULL;
}

static struct shadow_stack *new_stack(void)
{
    const struct ledger_storage *storage = &state.ledger.storage;
    bool locked = state_enter();
    struct shadow_stack *stack = shadow.free;
    if (stack != NULL) {
        shadow.free = stack->next_free;
    } else {
        stack = storage->map_pages(sizeof *stack);
    }
    state_leave(locked);
    if (stack != NULL) {
        stack->depth = 0;
        stack->replaced = false;
        stack->start_node = thread_start_node();
    }
    return stack;
}

/* The node of the call stack that ends at `place` of the list, at its frame's current line. */
static uint32_t node_at(struct shadow_stack *stack, uint32_t place)
{
    struct shadow_frame *entry = &stack->frames[place];
    int32_t line = python_api.PyFrame_GetLineNumber(entry->frame);
    if (entry->node != FIL_NODE_NONE && entry->line == line) {
        return entry->node;
    }
    uint32_t parent = place == 0 ? stack->start_node : stack->frames[place - 1].node;
    uint32_t node = FIL_NODE_LOST;
    if (entry->code != 0 && parent != FIL_NODE_LOST) {
        bool locked = state_enter();
        node = code_registry_child(parent, entry->code, line);
        state_leave(locked);
    }
    entry->line = line;
    entry->node = node;
    return node;
}

/* The text in an attribute of a code object; 0 if it cannot be stored. */
static uint64_t keep_text(void *code, const char *name, bool *imports)
{
    uint64_t kept = 0;
    char *content;
    intptr_t size;
    void *text = python_api.PyObject_GetAttrString(code, name);
    void *bytes = text == NULL ? NULL : python_api.PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
    if (bytes != NULL && python_api.PyBytes_AsStringAndSize(bytes, &content, &size) == 0 && size > 0 &&
        (uint64_t)size <= LONGEST_NAME) {
        bool locked = state_enter();
        kept = ledger_text(&state.ledger, (const uint8_t *)content, (uint32_t)size);
        state_leave(locked);
        *imports = code_registry_imports((const uint8_t *)content, (uint32_t)size);
    }
    if (bytes != NULL) {
        python_api.Py_DecRef(bytes);
    }
    if (text != NULL) {
        python_api.Py_DecRef(text);
    }
    return kept;
}

static uint32_t describe(void *code)
{
    void *type;
    void *value;
    void *traceback;
    python_api.PyErr_Fetch(&type, &value, &traceback);
    bool imports = false;
    bool ignored = false;
    struct fil_code facts = {.filename = keep_text(code, "co_filename", &imports),
                             .name = keep_text(code, "co_name", &ignored)};
    void *first_line = python_api.PyObject_GetAttrString(code, "co_firstlineno");
    if (first_line != NULL) {
        facts.first_line = (uint32_t)python_api.PyLong_AsLong(first_line);
        python_api.Py_DecRef(first_line);
    }
    python_api.PyErr_Restore(type, value, traceback); /* and clears an error of the library's own */
    bool locked = state_enter();
    uint32_t number = code_registry_add((uintptr_t)code, imports ? NULL : &facts);
    state_leave(locked);
    if (shadow.pin_code) {
        python_api.Py_IncRef(code);
    }
    return number;
}

static uint32_t number_of_function(void *frame)
{
    void *code = python_frame_code(frame);
    if (code == NULL) {
        return 0;
    }
    bool locked = state_enter();
    uint32_t number = code_registry_find((uintptr_t)code);
    state_leave(locked);
    if (number == 0) {
        number = describe(code);
    }
    python_api.Py_DecRef(code);
    return number;
}

/* Put a frame on top, and take over its reference. Without memory for it the list is cut, and rebuilt later. */
static void push(struct shadow_stack *stack, void *frame)
{
    uint32_t number = number_of_function(frame);
    if (stack->depth != 0) {
        (void)node_at(stack, stack->depth - 1);
    }
    if (stack->depth == stack->capacity && !grow(stack)) {
        python_api.Py_DecRef(frame);
        return;
    }
    stack->frames[stack->depth] = (struct shadow_frame){.frame = frame, .code = number, .node = FIL_NODE_NONE};
    stack->depth += 1;
}

static void pop(struct shadow_stack *stack)
{
    stack->depth -= 1;
    python_api.Py_DecRef(stack->frames[stack->depth].frame);
}

static void *hold(void *frame)
{
    python_api.Py_IncRef(frame);
    return frame;
}

/* The frame that called this one, instead of this one. */
static void *let_go(void *frame)
{
    void *back = python_frame_back(frame);
    python_api.Py_DecRef(frame);
    return back;
}

/* Make the list end with `frame` (NULL: be empty): remove what is not among its callers, add what is missing. */
static void settle(struct shadow_stack *stack, void *frame)
{
    while (stack->depth != 0 && stack->frames[stack->depth - 1].frame != frame) {
        pop(stack);
    }
    if (stack->depth != 0 || frame == NULL) {
        return;
    }
    uint32_t count = 0;
    for (void *at = hold(frame); at != NULL; at = let_go(at)) {
        count += 1;
    }
    while (stack->capacity < count) {
        if (!grow(stack)) {
            return;
        }
    }
    struct shadow_frame *frames = stack->frames;
    uint32_t place = count;
    for (void *at = hold(frame); at != NULL && place != 0; at = python_frame_back(at)) {
        frames[--place] = (struct shadow_frame){.frame = at, .code = number_of_function(at), .node = FIL_NODE_NONE};
    }
    stack->depth = count;
    for (place = 0; place + 1 < count; place++) {
        (void)node_at(stack, place);
    }
}

static int on_event(void *object, void *frame, int event, void *argument)
{
    (void)object;
    (void)argument;
    struct shadow_stack *stack = own;
    if (stack != NULL && !state.tracking) {
        settle(stack, NULL); /* tracking has stopped, or this is a forked child: frames must not be held */
        return 0;
    }
    if (stack == NULL || (event != PYTHON_EVENT_CALL && event != PYTHON_EVENT_RETURN)) {
        return 0;
    }
    if (event == PYTHON_EVENT_CALL) {
        void *caller = python_frame_back(frame);
        settle(stack, caller);
        if (caller != NULL) {
            python_api.Py_DecRef(caller);
        }
        push(stack, hold(frame));
        return 0;
    }
    for (uint32_t at = stack->depth; at-- > 0;) {
        if (stack->frames[at].frame == frame) {
            while (stack->depth > at) {
                pop(stack);
            }
            break;
        }
    }
    return 0;
}

/* The interpreter announces every change of a thread's profile function in that thread, from CPython 3.8 on. */
static int on_audit(const char *event, void *arguments, void *data)
{
    (void)arguments;
    (void)data;
    struct shadow_stack *stack = own;
    if (stack == NULL || stack->installing || !state.tracking || strcmp(event, "sys.setprofile") != 0) {
        return 0;
    }
    stack->replaced = true;
    settle(stack, NULL);
    if (!shadow.said) {
        shadow.said = true;
        platform_say(
            "=fil-profile= The program has set a profile function of its own: what it asks for from now on, in "
            "the thread that did and those it starts, has no callstack.\n");
    }
    return 0;
}

static void install(void *frame)
{
    struct shadow_stack *stack = own == NULL ? new_stack() : own;
    if (stack != NULL) {
        own = stack;
        platform_expect_end();
        settle(stack, frame);
        stack->installing = true;
        python_api.PyEval_SetProfile(on_event, shadow.starter);
        stack->installing = false;
        stack->replaced = false;
    }
}

void shadow_stack_install(void)
{
    if (python_api.PySys_AddAuditHook != NULL) {
        (void)python_api.PySys_AddAuditHook(on_audit, NULL);
    }
    (void)shadow_stack_starter();
    /* The starter, in which this is called, ends without an event if the interpreter is in the middle of it. */
    void *frame = python_frame_back(python_api.PyEval_GetFrame());
    install(frame);
    if (frame != NULL) {
        python_api.Py_DecRef(frame);
    }
}

void shadow_stack_remove(void)
{
    if (own != NULL && !own->replaced) {
        settle(own, NULL);
        python_api.PyEval_SetProfile(NULL, NULL);
    }
}

/* Called as a profile function: with the frame, the event's name and an argument. */
static void *start_here(void *self, void *arguments)
{
    (void)self;
    void *frame = python_api.PyTuple_GetItem(arguments, 0);
    if (frame == NULL) {
        return NULL; /* not called by the interpreter, and called wrongly */
    }
    install(frame);
    python_api.Py_IncRef(python_api.none);
    return python_api.none;
}

void *shadow_stack_starter(void)
{
    if (shadow.starter == NULL) {
        shadow.starter = python_api.PyCFunction_NewEx(&starter_method, NULL, NULL);
    }
    return shadow.starter;
}

uint32_t shadow_stack_node(uint32_t start_node)
{
    struct shadow_stack *stack = own;
    if (stack != NULL && python_api.PyGILState_GetThisThreadState() == NULL) {
        return start_node; /* after interpreter shutdown the objects of the frames are gone, held or not */
    }
    if (stack != NULL && stack->replaced) {
        return FIL_NODE_LOST;
    }
    return stack == NULL || stack->depth == 0 ? start_node : node_at(stack, stack->depth - 1);
}

void shadow_stack_end(void)
{
    struct shadow_stack *stack = own;
    if (stack != NULL) {
        own = NULL; /* later events have no shadow stack */
        bool locked = state_enter();
        stack->next_free = shadow.free;
        shadow.free = stack;
        state_leave(locked);
    }
}
