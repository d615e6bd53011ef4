#include "start/native.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "attribute/python_api.h"
#include "fil_abi.h"
#include "start/proof.h"

#define MOST_ARGUMENTS 4

/* Convert a function's arguments, with a letter for each: n, a number; b, bytes; m, a bytearray, which is memory to
 * write into. False, and an error, if they do not match. */
static bool take(void *arguments, const char *letters, uint64_t *values)
{
    for (intptr_t at = 0; letters[at] != '\0'; at++) {
        void *argument = python_api.PyTuple_GetItem(arguments, at);
        if (argument == NULL) {
            return false;
        }
        if (letters[at] == 'n') {
            values[at] = python_api.PyLong_AsUnsignedLongLongMask(argument);
        } else {
            char *memory =
                letters[at] == 'b' ? python_api.PyBytes_AsString(argument) : python_api.PyByteArray_AsString(argument);
            values[at] = (uint64_t)(uintptr_t)memory;
        }
    }
    return python_api.PyErr_Occurred() == NULL;
}

#define NUMBER(at) ((uint32_t)values[at])
#define MEMORY(at) ((void *)(uintptr_t)values[at])

/* NATIVE(name, letters, call): a function with these arguments, and the call that computes its result, a number. */
#define NATIVE_FUNCTIONS                                                                             \
    NATIVE(fil_abi_version, "", fil_abi_version())                                                   \
    NATIVE(fil_preloaded, "", fil_preloaded())                                                       \
    NATIVE(fil_select_layout, "nn", fil_select_layout(NUMBER(0), NUMBER(1)))                         \
    NATIVE(fil_use_layout, "nb", fil_use_layout(NUMBER(0), MEMORY(1)))                               \
    NATIVE(fil_use_profile_function, "nn", fil_use_profile_function(NUMBER(0), NUMBER(1)))           \
    NATIVE(fil_read_memory, "nmn", fil_read_memory(values[0], MEMORY(1), NUMBER(2)))                 \
    NATIVE(fil_observe_stack, "mnmn", fil_observe_stack(MEMORY(0), NUMBER(1), MEMORY(2), NUMBER(3))) \
    NATIVE(fil_accept_layout, "", (fil_accept_layout(), FIL_OK))                                     \
    NATIVE(fil_follow_objects, "b", fil_follow_objects(MEMORY(0)))                                   \
    NATIVE(fil_start, "bn", fil_start(MEMORY(0), (int32_t)NUMBER(1)))                                \
    NATIVE(fil_fork_child, "", fil_fork_child())                                                     \
    NATIVE(fil_records_children, "", fil_records_children())                                         \
    NATIVE(keep_proof, "", (proof_keep(), FIL_OK))                                                   \
    NATIVE(fil_last_errno, "", fil_last_errno())                                                     \
    NATIVE(thread_state, "", (long long)(intptr_t)python_api.PyGILState_GetThisThreadState())

#define NATIVE(name, letters, call)                                                            \
    static void *call_##name(void *self, void *arguments)                                      \
    {                                                                                          \
        (void)self;                                                                            \
        uint64_t values[MOST_ARGUMENTS] = {0};                                                 \
        return take(arguments, letters, values) ? python_api.PyLong_FromLongLong(call) : NULL; \
    }
NATIVE_FUNCTIONS
#undef NATIVE

/* The one that returns an object: the profile function for new threads. None if there is no memory. */
static void *call_thread_starter(void *self, void *arguments)
{
    (void)self;
    (void)arguments;
    void *starter = (void *)(uintptr_t)fil_thread_starter();
    if (starter == NULL) {
        python_api.PyErr_Clear();
        starter = python_api.none;
    }
    python_api.Py_IncRef(starter);
    return starter;
}

/* Compiles a source, with its path, to code. */
static void *call_compile_source(void *self, void *arguments)
{
    (void)self;
    void *source = python_api.PyTuple_GetItem(arguments, 0);
    void *path = source == NULL ? NULL : python_api.PyTuple_GetItem(arguments, 1);
    void *encoded = path == NULL ? NULL : python_api.PyUnicode_EncodeFSDefault(path);
    char *text = encoded == NULL ? NULL : python_api.PyBytes_AsString(source);
    void *code = text == NULL
                     ? NULL
                     : python_api.Py_CompileString(text, python_api.PyBytes_AsString(encoded), PYTHON_FILE_INPUT);
    if (encoded != NULL) {
        python_api.Py_DecRef(encoded);
    }
    return code;
}

static struct python_method methods[] = {
#define NATIVE(name, letters, call) {#name, call_##name, PYTHON_METHOD_ARGUMENTS, NULL},
    NATIVE_FUNCTIONS
#undef NATIVE
    {"compile_source", call_compile_source, PYTHON_METHOD_ARGUMENTS, NULL},
    {"thread_starter", call_thread_starter, PYTHON_METHOD_ARGUMENTS, NULL}};

static struct python_method *method_named(const char *name)
{
    size_t at = 0;
    while (strcmp(methods[at].name, name) != 0) {
        at++;
    }
    return &methods[at];
}

void *native_functions(void)
{
    void *functions = python_api.PyDict_New();
    for (size_t at = 0; functions != NULL && at < sizeof methods / sizeof methods[0]; at++) {
        void *function = python_api.PyCFunction_NewEx(&methods[at], NULL, NULL);
        bool kept = function != NULL && python_api.PyDict_SetItemString(functions, methods[at].name, function) == 0;
        if (function != NULL) {
            python_api.Py_DecRef(function);
        }
        if (!kept) {
            python_api.Py_DecRef(functions);
            functions = NULL;
        }
    }
    return functions;
}

/* See Library.follow_forks. Not before CPython 3.7. */
bool native_follow_forks(void)
{
    void *posix = python_api.PyDict_GetItemString(python_api.PyImport_GetModuleDict(), "posix");
    void *set = posix == NULL ? NULL : python_api.PyObject_GetAttrString(posix, "register_at_fork");
    void *given = python_api.PyTuple_New(0);
    void *named = python_api.PyDict_New();
    void *function = python_api.PyCFunction_NewEx(method_named("fil_fork_child"), NULL, NULL);
    void *done = NULL;
    if (set != NULL && given != NULL && named != NULL && function != NULL &&
        python_api.PyDict_SetItemString(named, "after_in_child", function) == 0) {
        done = python_api.PyObject_Call(set, given, named);
    }
    void *const all[] = {set, given, named, function, done};
    for (size_t at = 0; at < sizeof all / sizeof all[0]; at++) {
        if (all[at] != NULL) {
            python_api.Py_DecRef(all[at]);
        }
    }
    python_api.PyErr_Clear();
    return done != NULL;
}
