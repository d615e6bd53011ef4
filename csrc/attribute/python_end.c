/* The interpreter keeps the exception that ended the program in the module sys, and drops it early in its shutdown: it
 * sets some of the module's names to None. From CPython 3.12 on a dictionary can be watched, so shutdown is noticed at
 * the first of these names at the latest. Older versions allocate before. */
#include "attribute/python_end.h"

#include <stddef.h>
#include <string.h>

#include "attribute/python_api.h"
#include "platform/platform.h"

#define MOST_ERRORS 16u /* errors that were raised while another one was handled */

/* Created when tracking begins: at the end there may be no memory. */
#define NAMES                                                     \
    NAME(last_exc) /* since CPython 3.12; before, the next two */ \
    NAME(last_value)                                              \
    NAME(last_traceback)                                          \
    NAME(__traceback__)                                           \
    NAME(tb_frame)                                                \
    NAME(tb_next)                                                 \
    NAME(tb_lasti)                                                \
    NAME(f_back)                                                  \
    NAME(f_code)                                                  \
    NAME(__context__)

static struct {
    void *sys_names;
    void *memory_error;
    void *(*running_state)(void); /* CPython's PyThreadState_GetUnchecked */
    void (*look)(void);
    bool watched;
#define NAME(name) void *name;
    NAMES
#undef NAME
} end;

static void *const *finalizing_state; /* a variable of CPython 3.6, which has no function for it */

static int is_finalizing_3_6(void)
{
    return __atomic_load_n(finalizing_state, __ATOMIC_RELAXED) != NULL;
}

int (*python_end_question(void))(void)
{
    int (*function)(void) = NULL;
    void *found = platform_symbol("Py_IsFinalizing"); /* since CPython 3.13 */
    found = found != NULL ? found : platform_symbol("_Py_IsFinalizing");
    memcpy(&function, &found, sizeof found);
    finalizing_state = platform_symbol("_Py_Finalizing");
    return function == NULL && finalizing_state != NULL ? is_finalizing_3_6 : function;
}

/* Called before a name of the module sys gets another value. */
static int on_change(int event, void *dictionary, void *key, void *value)
{
    (void)event;
    (void)dictionary;
    (void)key;
    (void)value;
    end.look();
    return 0;
}

static void watch(void)
{
    if (end.watched || end.sys_names == NULL || python_api.PyDict_AddWatcher == NULL ||
        python_api.PyDict_Watch == NULL) {
        return;
    }
    int watcher = python_api.PyDict_AddWatcher(on_change);
    end.watched = watcher >= 0 && python_api.PyDict_Watch(watcher, end.sys_names) == 0;
    if (!end.watched) {
        python_api.PyErr_Clear(); /* all watchers are taken: other tools need them more */
    }
}

void python_end_prepare(void (*look)(void))
{
    void *const *memory_error = platform_symbol("PyExc_MemoryError");
    if (!python_api_find() || memory_error == NULL) {
        return;
    }
    void *found = platform_symbol("PyThreadState_GetUnchecked"); /* since CPython 3.13 */
    found = found != NULL ? found : platform_symbol("_PyThreadState_UncheckedGet");
    if (found == NULL) {
        return;
    }
    memcpy(&end.running_state, &found, sizeof found);
    end.look = look;
    end.memory_error = *memory_error;
    void *sys = python_api.PyDict_GetItemString(python_api.PyImport_GetModuleDict(), "sys");
    end.sys_names = sys == NULL ? NULL : python_api.PyModule_GetDict(sys);
#define NAME(name) end.name = end.name != NULL ? end.name : python_api.PyUnicode_InternFromString(#name);
    NAMES
#undef NAME
    watch();
}

/* A borrowed reference; NULL for none. */
static void *name_of_sys(void *name)
{
    void *found = name == NULL ? NULL : python_api.PyDict_GetItem(end.sys_names, name);
    return found == python_api.none ? NULL : found;
}

/* A new reference that replaces the given one, which is released; NULL, and no error, for none. */
static void *follow(void *object, void *name)
{
    void *found = object == NULL || name == NULL ? NULL : python_api.PyObject_GetAttr(object, name);
    if (object != NULL && found == NULL) {
        python_api.PyErr_Clear();
    }
    if (object != NULL) {
        python_api.Py_DecRef(object);
    }
    if (found == python_api.none) {
        python_api.Py_DecRef(found);
        found = NULL;
    }
    return found;
}

/* Tools (a test runner, a debugger) also store handled errors in sys. But those were raised in a function which the
 * tool called; the error that ends the program has left its outermost frame. */
static bool left_outermost_frame(void *error)
{
    void *traceback;
    if (name_of_sys(end.last_exc) != NULL) {
        python_api.Py_IncRef(error);
        traceback = follow(error, end.__traceback__);
    } else {
        traceback = name_of_sys(end.last_traceback);
        if (traceback != NULL) {
            python_api.Py_IncRef(traceback);
        }
    }
    void *outside = follow(follow(traceback, end.tb_frame), end.f_back);
    if (outside != NULL) {
        python_api.Py_DecRef(outside);
    }
    return outside == NULL;
}

/* Borrowed; NULL for none. */
static void *last_error(void)
{
    void *error = name_of_sys(end.last_exc);
    return error != NULL ? error : name_of_sys(end.last_value);
}

bool python_end_by_memory_error(void)
{
    void *own_state = end.sys_names == NULL ? NULL : python_api.PyGILState_GetThisThreadState();
    if (own_state == NULL || end.running_state() != own_state) {
        return false; /* the interpreter is already gone */
    }
    void *error = last_error();
    return error != NULL && python_api.PyErr_GivenExceptionMatches(error, end.memory_error) != 0 &&
           left_outermost_frame(error);
}

/* A new reference to the innermost entry of the traceback of an error; NULL for none. */
static void *innermost_entry(void *error)
{
    void *innermost = NULL;
    python_api.Py_IncRef(error);
    for (void *next = follow(error, end.__traceback__); next != NULL; next = follow(next, end.tb_next)) {
        python_api.Py_IncRef(next);
        if (innermost != NULL) {
            python_api.Py_DecRef(innermost);
        }
        innermost = next;
    }
    return innermost;
}

/* Takes the reference. */
static bool is_entry_meant(void *entry, bool (*is_meant)(uintptr_t code, long offset))
{
    if (entry == NULL) {
        return false;
    }
    python_api.Py_IncRef(entry);
    void *at = follow(entry, end.tb_lasti);
    long offset = at == NULL ? -1 : python_api.PyLong_AsLong(at);
    if (at != NULL) {
        python_api.Py_DecRef(at);
    }
    void *code = follow(follow(entry, end.tb_frame), end.f_code);
    bool meant = code != NULL && is_meant((uintptr_t)code, offset);
    if (code != NULL) {
        python_api.Py_DecRef(code);
    }
    return meant;
}

bool python_end_raised_at(bool (*is_meant)(uintptr_t code, long offset))
{
    bool found = false;
    void *error = last_error();
    if (error != NULL) {
        python_api.Py_IncRef(error);
    }
    for (unsigned i = 0; error != NULL && i < MOST_ERRORS; i++) {
        found = found || is_entry_meant(innermost_entry(error), is_meant);
        error = follow(error, end.__context__);
    }
    if (error != NULL) {
        python_api.Py_DecRef(error);
    }
    return found;
}
