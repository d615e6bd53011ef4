/* The moment is the first request for an object after the interpreter is ready, from its C code alone: it creates a
 * text of the program's name or source then, and is in the middle of nothing. These two versions are no longer
 * developed, so none of this changes.
 *
 * The interpreter chooses its allocator after main has begun. So a module that it creates later (posix, without which
 * it cannot import) puts the library's function in front of the allocator, by the table of built-in modules. */
#include "start/first_request.h"

#include <stddef.h>
#include <string.h>

#include "attribute/python_api.h"
#include "interpose/interpreter_calls.h"
#include "platform/platform.h"

#define MODULE "posix"

/* CPython's struct _inittab. */
struct built_in {
    const char *name;
    void *(*make)(void);
};

static struct {
    void (*come)(void);
    struct built_in *module;
    void *(*make)(void);
    struct python_allocator inner;
    set_allocator *set;
    const int *no_site;
    bool is_3_6;
    bool ready;  /* 3.7: the interpreter is complete; its first frames are those of the site module */
    bool inside; /* the check itself creates an object */
} first;

/* 3.6 sets sys.argv when it is complete. 3.7 does so earlier, but reports that it is complete before it imports
 * site. */
static bool is_whole(void)
{
    if (first.is_3_6) {
        return python_api.PySys_GetObject("argv") != NULL;
    }
    return python_api.Py_IsInitialized() != 0 && (first.ready || *first.no_site != 0);
}

static void look(void)
{
    if (python_api.PyEval_GetFrame() != NULL) {
        first.ready = first.ready || python_api.Py_IsInitialized() != 0;
    } else if (!first.inside) {
        first.inside = true;
        if (is_whole()) {
            first.set(DOMAIN_OBJ, &first.inner);
            first.come();
            return;
        }
        first.inside = false;
    }
}

static void *first_malloc(void *context, size_t bytes)
{
    void *block = first.inner.malloc(context, bytes);
    look();
    return block;
}

static void *make_module(void)
{
    struct python_allocator ours;
    get_allocator *get;
    void *found = platform_symbol("PyMem_GetAllocator");
    memcpy(&get, &found, sizeof found);
    first.module->make = first.make;
    get(DOMAIN_OBJ, &first.inner);
    ours = first.inner;
    ours.malloc = first_malloc;
    first.set(DOMAIN_OBJ, &ours);
    return first.make();
}

bool first_request_await(void (*come)(void))
{
    struct built_in **table = platform_symbol("PyImport_Inittab");
    const char *(*version)(void);
    void *found = platform_symbol("Py_GetVersion");
    memcpy(&version, &found, sizeof found);
    found = platform_symbol("PyMem_SetAllocator");
    memcpy(&first.set, &found, sizeof found);
    first.no_site = platform_symbol("Py_NoSiteFlag");
    if (table == NULL || version == NULL || first.set == NULL || first.no_site == NULL) {
        return false;
    }
    first.is_3_6 = strncmp(version(), "3.6.", 4) == 0;
    if (!first.is_3_6 && strncmp(version(), "3.7.", 4) != 0) {
        return false;
    }
    first.come = come;
    for (struct built_in *module = *table; module->name != NULL; module++) {
        if (strcmp(module->name, MODULE) == 0) {
            first.module = module;
            first.make = module->make;
            module->make = make_module;
            return true;
        }
    }
    return false;
}
