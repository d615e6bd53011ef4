/* Compiling bootstrap.py takes half of the time until the program begins. So its cached bytecode is used where there is
 * one, as the interpreter would use it: see PEP 3147 for its name and PEP 552 for its header. */
#include "start/bootstrap_code.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "attribute/python_api.h"
#include "children/children.h"
#include "platform/platform.h"

#define SOURCE_BYTES 16384u
#define CACHE_BYTES 65536u
#define FIRST_MAGIC_WITH_FLAGS 3392 /* of CPython 3.7 */

static struct {
    char path[CHILDREN_PATH_BYTES];
    char source[SOURCE_BYTES];
    struct platform_file_facts facts; /* of the source */
} bootstrap;

bool bootstrap_code_find(const char *path)
{
    if (strlen(path) >= sizeof bootstrap.path || !platform_file_facts(path, &bootstrap.facts) ||
        !platform_read_text(path, bootstrap.source, sizeof bootstrap.source)) {
        return false;
    }
    strcpy(bootstrap.path, path);
    return true;
}

/* FOLDER/NAME.py -> FOLDER/__pycache__/NAME.TAG.pyc */
static bool write_cache_path(char *path, size_t room)
{
    const char *name = strrchr(bootstrap.path, '/');
    name = name == NULL ? bootstrap.path : name + 1;
    const char *end = strrchr(name, '.');
    if (end == NULL) {
        return false;
    }
    int length = snprintf(path, room, "%.*s__pycache__/%.*s.%s.pyc", (int)(name - bootstrap.path), bootstrap.path,
                          (int)(end - name), name, python_api.PyImport_GetMagicTag());
    return length > 0 && (size_t)length < room;
}

/* The header is the magic number, flags from CPython 3.7 on, here 0, and the source's time and size. Returns its
 * length, or 0 if this is not the bytecode of our source for this interpreter. */
static size_t header_bytes(const char *content, size_t bytes)
{
    uint32_t words[4];
    if (bytes < sizeof words) {
        return 0;
    }
    memcpy(words, content, sizeof words);
    size_t flags = (words[0] & 0xffff) >= FIRST_MAGIC_WITH_FLAGS ? 1 : 0;
    bool fits = words[0] == (uint32_t)python_api.PyImport_GetMagicNumber() && (flags == 0 || words[1] == 0) &&
                words[flags + 1] == bootstrap.facts.modified && words[flags + 2] == bootstrap.facts.bytes;
    return fits ? (flags + 3) * sizeof words[0] : 0;
}

/* NULL without an exception where there is none. */
static void *cached_code(void)
{
    static char content[CACHE_BYTES];
    char path[CHILDREN_PATH_BYTES];
    size_t bytes = write_cache_path(path, sizeof path) ? platform_read_beginning(path, content, sizeof content) : 0;
    size_t header = bytes < sizeof content ? header_bytes(content, bytes) : 0;
    if (header == 0) {
        return NULL;
    }
    void *code = python_api.PyMarshal_ReadObjectFromString(content + header, (intptr_t)(bytes - header));
    void *type = code == NULL ? NULL : python_api.PyObject_Type(code);
    bool is_code = type != NULL && type == platform_symbol("PyCode_Type");
    if (type != NULL) {
        python_api.Py_DecRef(type);
    }
    if (is_code) {
        return code;
    }
    if (code != NULL) {
        python_api.Py_DecRef(code);
    }
    python_api.PyErr_Clear();
    return NULL;
}

void *bootstrap_code(bool *cached)
{
    void *code = cached_code();
    *cached = code != NULL;
    return *cached ? code : python_api.Py_CompileString(bootstrap.source, bootstrap.path, PYTHON_FILE_INPUT);
}
