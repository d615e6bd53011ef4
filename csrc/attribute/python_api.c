#include "attribute/python_api.h"

#include <string.h>

#include "platform/platform.h"

struct python_api python_api;

bool python_api_is_program(void)
{
    return platform_runs("python") && platform_symbol("PyOS_FSPath") != NULL;
}

bool python_api_find(void)
{
    bool complete = true;
    void *found;
/* An object pointer is no function pointer to ISO C. */
#define PYTHON_API_NEWER(result, name, parameters) \
    found = platform_symbol(#name);                \
    memcpy(&python_api.name, &found, sizeof found);
#define PYTHON_API(result, name, parameters)   \
    PYTHON_API_NEWER(result, name, parameters) \
    complete = complete && found != NULL;
    PYTHON_API_FUNCTIONS
#undef PYTHON_API
#undef PYTHON_API_NEWER
    python_api.none = platform_symbol("_Py_NoneStruct");
    if (python_api.PyGILState_GetThisThreadState != NULL) {
        python_api.PyGILState_GetThisThreadState = platform_guarded(python_api.PyGILState_GetThisThreadState);
    }
    return complete && python_api.none != NULL;
}

static void *attribute_or_null(void *object, const char *name)
{
    void *type;
    void *value;
    void *traceback;
    python_api.PyErr_Fetch(&type, &value, &traceback);
    void *found = python_api.PyObject_GetAttrString(object, name);
    if (found == python_api.none) {
        python_api.Py_DecRef(found);
        found = NULL;
    }
    python_api.PyErr_Restore(type, value, traceback); /* and clears an error of the library's own */
    return found;
}

void *python_frame_back(void *frame)
{
    return python_api.PyFrame_GetBack != NULL ? python_api.PyFrame_GetBack(frame) : attribute_or_null(frame, "f_back");
}

void *python_frame_code(void *frame)
{
    return python_api.PyFrame_GetCode != NULL ? python_api.PyFrame_GetCode(frame) : attribute_or_null(frame, "f_code");
}
