/* Which layout is used, if any, and how call stacks are found. */
#include <stddef.h>
#include <string.h>

#include "attribute/attribute.h"
#include "attribute/safe_walk.h"
#include "attribute/shadow_stack.h"
#include "attribute/walker.h"
#include "fil_format.h"
#include "platform/platform.h"

int32_t attribute_use_layout(uint32_t python_version, const struct fil_layout *layout)
{
    void *found = platform_symbol("PyGILState_GetThisThreadState");
    if (found == NULL) {
        return FIL_ERROR_NO_PYTHON;
    }
    memcpy(&walker.thread_state, &found, sizeof found); /* an object pointer is no function pointer to ISO C */
    platform_thread_state *ask = walker.thread_state;
    walker.running_state = walker.thread_state = platform_guarded(ask);
    found = platform_symbol(python_version < 0x030D0000 ? "_PyThreadState_UncheckedGet" : "PyThreadState_GetUnchecked");
    if (found != NULL && walker.thread_state == ask) { /* else this one would need a guard too */
        memcpy(&walker.running_state, &found, sizeof found);
    }
    walker.layout = *layout;
    walker.short_stack = layout->form == INSTRUCTION_POINTER ? SHORT_STACK : 0;
    walker.python_version = python_version;
    walker.objects = (struct object_layout){.minor_version = 0};
    walker.stacks = FIL_STACKS_MEASURED;
    walker.selected = true;
    safe_walk_check_chunk((uintptr_t)walker.thread_state());
    return FIL_OK;
}

int32_t attribute_select_layout(uint32_t python_version, uint32_t free_threaded)
{
    struct fil_layout layout;
    const struct fil_layout *known = free_threaded != 0 ? NULL : layout_for_version(python_version);
    if (known == NULL && layout_published(python_version, free_threaded != 0, platform_symbol("_PyRuntime"), &layout)) {
        known = &layout;
    }
    int32_t status = known == NULL ? FIL_ERROR_UNKNOWN_LAYOUT : attribute_use_layout(python_version, known);
    walker.objects = objects_for_version(python_version);
    walker.coroutine_type = (uintptr_t)platform_symbol("PyCoro_Type");
    walker.stacks = FIL_STACKS_KNOWN;
    walker.free_threaded = free_threaded != 0;
    return status;
}

static void *no_thread_state(void)
{
    return NULL;
}

int32_t attribute_use_profile_function(uint32_t python_version, bool pin_code)
{
    if (!shadow_stack_prepare(pin_code)) {
        return FIL_ERROR_NO_PYTHON;
    }
    walker.running_state = walker.thread_state = no_thread_state;
    walker.python_version = python_version;
    walker.stacks = FIL_STACKS_PROFILED;
    walker.selected = false;
    walker.accepted = true;
    return FIL_OK;
}

void *attribute_thread_starter(void)
{
    return shadow_stack_prepared() ? shadow_stack_starter() : NULL;
}

void attribute_accept_layout(void)
{
    walker.accepted = walker.selected || walker.accepted;
}

bool attribute_accepted(void)
{
    return walker.accepted;
}

uint32_t attribute_stacks(void)
{
    return walker.stacks;
}

uint32_t attribute_python_version(void)
{
    return walker.python_version;
}

bool attribute_chosen(struct attribute_choice *choice)
{
    *choice = (struct attribute_choice){.python_version = walker.python_version,
                                        .free_threaded = walker.free_threaded,
                                        .stacks = walker.stacks,
                                        .layout = walker.layout};
    return walker.selected && walker.accepted;
}

int32_t attribute_choose(const struct attribute_choice *choice)
{
    int32_t status = choice->stacks == FIL_STACKS_KNOWN
                         ? attribute_select_layout(choice->python_version, choice->free_threaded)
                         : attribute_use_layout(choice->python_version, &choice->layout);
    if (status == FIL_OK) {
        attribute_accept_layout();
    }
    return status;
}
