/* No Python function of the library runs here, so no traceback shows any. */
#include "attribute/python_calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "attribute/python_api.h"

/* The interpreter caches small numbers, and from 3.14 on also the memory of those with one digit: only a large number
 * has its own block, which shows the call stack that requested it. */
#define FIRST_JOB (1LL << 62)

static bool prepared;
static bool jobs_numbered;

void python_calls_prepare(void)
{
    prepared = python_api_find();
}

static void release(void *object)
{
    if (object != NULL) {
        python_api.Py_DecRef(object);
    }
}

/* A new reference; NULL, and no error, if there is none. */
static void *attribute(void *object, const char *name)
{
    void *found = object == NULL ? NULL : python_api.PyObject_GetAttrString(object, name);
    if (found == NULL) {
        python_api.PyErr_Clear();
    }
    return found;
}

void python_calls_thread_name(uintptr_t thread, char *name, uint32_t bytes)
{
    if (!prepared) {
        return;
    }
    void *type;
    void *value;
    void *traceback;
    python_api.PyErr_Fetch(&type, &value, &traceback);
    char *content;
    intptr_t size;
    void *text = attribute((void *)thread, "_name");
    void *encoded = text == NULL ? NULL : python_api.PyUnicode_AsEncodedString(text, "utf-8", "replace");
    if (encoded != NULL && python_api.PyBytes_AsStringAndSize(encoded, &content, &size) == 0 && size > 0) {
        memset(name, 0, bytes);
        memcpy(name, content, (size_t)size < bytes ? (size_t)size : bytes);
    }
    release(encoded);
    release(text);
    python_api.PyErr_Restore(type, value, traceback); /* and clears an error of the library's own */
}

static void number_jobs(void)
{
    void *modules = python_api.PyImport_GetModuleDict();
    void *pool = python_api.PyDict_GetItemString(modules, "multiprocessing.pool");
    void *counter = attribute(pool, "job_counter");
    void *type = attribute(counter, "__class__");
    void *expected = attribute(python_api.PyDict_GetItemString(modules, "itertools"), "count");
    if (type != NULL && type == expected) {
        void *first = python_api.PyLong_FromLongLong(FIRST_JOB);
        void *replacement = first == NULL ? NULL : python_api.PyObject_CallFunctionObjArgs(type, first, NULL);
        jobs_numbered = replacement != NULL && python_api.PyObject_SetAttrString(pool, "job_counter", replacement) == 0;
        release(replacement);
        release(first);
    }
    release(expected);
    release(type);
    release(counter);
}

void python_calls_number_jobs(void)
{
    if (!prepared || jobs_numbered) {
        return;
    }
    void *type;
    void *value;
    void *traceback;
    python_api.PyErr_Fetch(&type, &value, &traceback);
    number_jobs();
    python_api.PyErr_Restore(type, value, traceback);
}
