/* For the dynamic linker: our function, and the one for which it stands in all other libraries and in the program
 * itself.
 *
 * It looks for these pairs in libraries that are named in DYLD_INSERT_LIBRARIES, when the program starts. Our own calls
 * are left alone. A pair without its second half would be of no use, so every function here is in the oldest macOS that
 * the library is built for. */
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
