/* The real functions are the system's: in this library, calls of them are not replaced. */
#include "interpose/real.h"

#include <mach/mach.h>
#include <malloc/malloc.h>
#include <stdlib.h>

/* Declared here because not every compiler's headers do. */
int mach_vm_allocate(unsigned task, uint64_t *address, uint64_t bytes, int flags);
int mach_vm_deallocate(unsigned task, uint64_t address, uint64_t bytes);

struct real real = {
#define INTERPOSED(result, name, parameters, platforms) ON_##platforms(.name = name, )
#define REPLACED(result, name, parameters, platforms)
#include "interpose/interposed.def"
#undef REPLACED
#undef INTERPOSED
};

void real_resolve(void)
{
}

void real_settle(bool records)
{
    (void)records;
}

/* The zones of a replacement are not the default one, and only that one's blocks are counted. */
bool real_malloc_is_replaced(void)
{
    return false;
}

const void *real_malloc_code(void)
{
    return NULL;
}

void real_note_called_past(void)
{
}

size_t real_enough(size_t bytes)
{
    return bytes;
}

/* The list of replaced functions applies to all libraries. */
bool real_sees_every_block(const void **code)
{
    *code = NULL;
    return true;
}
