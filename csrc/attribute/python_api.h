/* The few public functions of CPython that are called outside malloc, found by name in this process. */
#ifndef FIL_PYTHON_API_H
#define FIL_PYTHON_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CPython's Py_tracefunc, PyCFunction, Py_AuditHookFunction, PyDict_WatchCallback and PyMethodDef; PyObject and its
 * relatives are void here. */
typedef int python_profile_function(void *object, void *frame, int event, void *argument);
typedef void *python_function(void *self, void *arguments);
typedef int python_audit_hook(const char *event, void *arguments, void *data);
typedef int python_dictionary_watcher(int event, void *dictionary, void *key, void *value);
struct python_method {
    const char *name;
    python_function *function;
    int flags;
    const char *documentation;
};

#define PYTHON_EVENT_CALL 0
#define PYTHON_EVENT_RETURN 3
#define PYTHON_METHOD_ARGUMENTS 1
#define PYTHON_FILE_INPUT 257

/* PYTHON_API(result, name, parameters): needed on every version. PYTHON_API_NEWER: NULL before CPython 3.8, 3.9
 * or 3.12. */
#define PYTHON_API_FUNCTIONS                                                                              \
    PYTHON_API(void, Py_IncRef, (void *object))                                                           \
    PYTHON_API(void, Py_DecRef, (void *object))                                                           \
    PYTHON_API(void, PyErr_Fetch, (void **type, void **value, void **traceback))                          \
    PYTHON_API(void, PyErr_Restore, (void *type, void *value, void *traceback))                           \
    PYTHON_API(void *, PyObject_GetAttrString, (void *object, const char *name))                          \
    PYTHON_API(void *, PyUnicode_AsEncodedString, (void *text, const char *encoding, const char *errors)) \
    PYTHON_API(int, PyBytes_AsStringAndSize, (void *bytes, char **content, intptr_t *size))               \
    PYTHON_API(long, PyLong_AsLong, (void *number))                                                       \
    PYTHON_API(void *, PyTuple_GetItem, (void *tuple, intptr_t place))                                    \
    PYTHON_API(void *, PyCFunction_NewEx, (struct python_method * method, void *self, void *module))      \
    PYTHON_API(void, PyEval_SetProfile, (python_profile_function * function, void *object))               \
    PYTHON_API(void *, PyEval_GetFrame, (void))                                                           \
    PYTHON_API(int, PyFrame_GetLineNumber, (void *frame))                                                 \
    PYTHON_API(void, PyErr_Clear, (void))                                                                 \
    PYTHON_API(void, PyErr_SetInterrupt, (void))                                                          \
    PYTHON_API(void *, PyImport_GetModuleDict, (void))                                                    \
    PYTHON_API(void *, PyDict_GetItemString, (void *dictionary, const char *key))                         \
    PYTHON_API(void *, PyLong_FromLongLong, (long long number))                                           \
    PYTHON_API(void *, PyObject_CallFunctionObjArgs, (void *called, ...))                                 \
    PYTHON_API(void *, PyObject_GetAttr, (void *object, void *name))                                      \
    PYTHON_API(int, PyObject_SetAttrString, (void *object, const char *name, void *value))                \
    PYTHON_API(void *, PyGILState_GetThisThreadState, (void))                                             \
    PYTHON_API(void *, PySys_GetObject, (const char *name))                                               \
    PYTHON_API(int, Py_IsInitialized, (void))                                                             \
    PYTHON_API(void *, PyDict_New, (void))                                                                \
    PYTHON_API(int, PyDict_SetItemString, (void *dictionary, const char *key, void *value))               \
    PYTHON_API(void, PyDict_Clear, (void *dictionary))                                                    \
    PYTHON_API(void *, PyEval_GetBuiltins, (void))                                                        \
    PYTHON_API(void *, PyEval_EvalCode, (void *code, void *globals, void *locals))                        \
    PYTHON_API(void *, Py_CompileString, (const char *source, const char *path, int start))               \
    PYTHON_API(void *, PyMarshal_ReadObjectFromString, (const char *content, intptr_t bytes))             \
    PYTHON_API(void *, PyImport_ImportModule, (const char *name))                                         \
    PYTHON_API(void *, PyObject_Call, (void *called, void *arguments, void *named))                       \
    PYTHON_API(void *, PyTuple_New, (intptr_t size))                                                      \
    PYTHON_API(long, PyImport_GetMagicNumber, (void))                                                     \
    PYTHON_API(const char *, PyImport_GetMagicTag, (void))                                                \
    PYTHON_API(void *, PyObject_Type, (void *object))                                                     \
    PYTHON_API(void *, PyUnicode_EncodeFSDefault, (void *text))                                           \
    PYTHON_API(void *, PyUnicode_DecodeFSDefault, (const char *text))                                     \
    PYTHON_API(void *, PyUnicode_InternFromString, (const char *text))                                    \
    PYTHON_API(unsigned long long, PyLong_AsUnsignedLongLongMask, (void *number))                         \
    PYTHON_API(char *, PyBytes_AsString, (void *bytes))                                                   \
    PYTHON_API(char *, PyByteArray_AsString, (void *bytes))                                               \
    PYTHON_API(void *, PyErr_Occurred, (void))                                                            \
    PYTHON_API(int, PyErr_GivenExceptionMatches, (void *error, void *type))                               \
    PYTHON_API(void *, PyModule_GetDict, (void *module))                                                  \
    PYTHON_API(void *, PyDict_GetItem, (void *dictionary, void *key))                                     \
    PYTHON_API_NEWER(void *, PyFrame_GetBack, (void *frame))                                              \
    PYTHON_API_NEWER(void *, PyFrame_GetCode, (void *frame))                                              \
    PYTHON_API_NEWER(int, PySys_AddAuditHook, (python_audit_hook * hook, void *data))                     \
    PYTHON_API_NEWER(int, PyDict_AddWatcher, (python_dictionary_watcher * watcher))                       \
    PYTHON_API_NEWER(int, PyDict_Watch, (int watcher, void *dictionary))

struct python_api {
#define PYTHON_API(result, name, parameters) result(*name) parameters;
#define PYTHON_API_NEWER PYTHON_API
    PYTHON_API_FUNCTIONS
#undef PYTHON_API
#undef PYTHON_API_NEWER
    void *none; /* None */
};

extern struct python_api python_api;

/* Whether this process runs an interpreter (of Python 3.6 or later) by its own executable, not one that it embeds. */
bool python_api_is_program(void);

/* Look them all up. Returns false if a required one is missing. */
bool python_api_find(void);

/* frame.f_back and frame.f_code: new references, NULL for none. With the GIL, outside malloc. */
void *python_frame_back(void *frame);
void *python_frame_code(void *frame);

#endif
