/* The real functions are those of the system: in this library, calls of them are not replaced. */
#include "interpose/real.h"

#include <mach/mach.h>
#include <malloc/malloc.h>
#include <stdlib.h>

/* Declared here because not every compiler's headers do. */
int mach_vm_allocate(unsigned task, uint64_t *address, uint64_t bytes, int flags);
int mach_vm_deallocate(unsigned task, uint64_t address, uint64_t bytes);

struct real real = {
#define INTERPOSED(result, name, parameters, arguments, platforms) ON_##platforms(.name = name,)
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
};

void real_resolve(void)
{
}
