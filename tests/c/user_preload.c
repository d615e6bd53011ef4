/* A library that a user preloads for reasons of their own. */
#include <stdlib.h>

int user_preload_marker(void)
{
    return 4711;
}

/* Runs before main, and allocates: the profiler must stand that. */
__attribute__((constructor)) static void early(void)
{
    free(realloc(malloc(100), 5000));
}
