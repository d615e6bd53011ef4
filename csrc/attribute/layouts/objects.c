#include "attribute/layouts/objects.h"

#include <stddef.h>

static const struct object_layout layouts[] = {
#define OBJECTS(minor, ...) {.minor_version = (minor), __VA_ARGS__},
#include "attribute/layouts/objects.def"
#undef OBJECTS
};

struct object_layout objects_for_version(uint32_t python_version)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].minor_version == (python_version >> 16 & 0xffu)) {
            return layouts[i];
        }
    }
    return (struct object_layout){.minor_version = 0};
}
