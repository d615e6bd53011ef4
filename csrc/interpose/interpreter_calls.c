#include "interpose/interpreter_calls.h"

#include <string.h>

#include "platform/platform.h"

typedef const char *get_allocator_name(void);

/* Look up a function of CPython; object and function pointers have the same size on every system that has dlsym. */
#define FIND(name, pointer)                                     \
    do {                                                        \
        void *found_symbol = platform_symbol(name);             \
        memcpy(&(pointer), &found_symbol, sizeof found_symbol); \
    } while (0)

const char *interpreter_allocator_name(void)
{
    get_allocator_name *name;
    FIND("_PyMem_GetCurrentAllocatorName", name);
    return name == NULL ? NULL : name();
}

bool interpreter_calls_find(struct interpreter_calls *calls)
{
    FIND("PyMem_GetAllocator", calls->get);
    FIND("PyMem_SetAllocator", calls->set);
    FIND("PyObject_GetArenaAllocator", calls->get_arenas);
    FIND("PyObject_SetArenaAllocator", calls->set_arenas);
    return calls->get != NULL && calls->set != NULL && calls->get_arenas != NULL && calls->set_arenas != NULL;
}
