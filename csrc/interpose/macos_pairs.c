/* For the dynamic linker: a hook, and the function that it replaces in all other libraries and in the program itself.
 *
 * The linker reads these pairs from the libraries in DYLD_INSERT_LIBRARIES, when the program starts. It does not change
 * calls within this library. A pair without its second half would be useless, so every function here is in the oldest
 * macOS that the library is built for. */
#include <malloc/malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <mach/mach.h>

#include "interpose/hooks.h"

int mach_vm_allocate(unsigned task, uint64_t *address, uint64_t bytes, int flags);
int mach_vm_deallocate(unsigned task, uint64_t address, uint64_t bytes);

typedef void any_function(void);

struct pair {
    any_function *ours;
    any_function *theirs;
};

#define PAIR(name) {(any_function *)hook_##name, (any_function *)name},

__attribute__((used, section("__DATA,__interpose"))) static const struct pair pairs[] = {
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(PAIR(name))
#define REPLACED(result, name, parameters, platforms) ON_##platforms(PAIR(name))
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
};
