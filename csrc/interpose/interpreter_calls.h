/* The interpreter's functions that get and set its allocators. */
#ifndef FIL_INTERPRETER_CALLS_H
#define FIL_INTERPRETER_CALLS_H

#include <stdbool.h>
#include <stddef.h>

/* CPython's PyMemAllocatorEx, PyObjectArenaAllocator and PyMemAllocatorDomain: public and unchanged since 3.5. */
struct python_allocator {
    void *context;
    void *(*malloc)(void *context, size_t bytes);
    void *(*calloc)(void *context, size_t count, size_t bytes);
    void *(*realloc)(void *context, void *block, size_t bytes);
    void (*free)(void *context, void *block);
};

struct arena_allocator {
    void *context;
    void *(*take)(void *context, size_t bytes);
    void (*give)(void *context, void *arena, size_t bytes);
};

enum domain { DOMAIN_RAW = 0, DOMAIN_MEM = 1, DOMAIN_OBJ = 2 };

typedef void get_allocator(int domain, struct python_allocator *allocator);
typedef void set_allocator(int domain, struct python_allocator *allocator);
typedef void get_arena_allocator(struct arena_allocator *allocator);
typedef void set_arena_allocator(struct arena_allocator *allocator);

struct interpreter_calls {
    get_allocator *get;
    set_allocator *set;
    get_arena_allocator *get_arenas;
    set_arena_allocator *set_arenas;
};

/* Look them all up. False if one is missing. */
bool interpreter_calls_find(struct interpreter_calls *calls);

/* The interpreter's current allocator: "pymalloc", "mimalloc", "malloc", ... or NULL if it is wrapped, or there is no
 * such function (before CPython 3.8, which has pymalloc and malloc only). */
const char *interpreter_allocator_name(void);

#endif
