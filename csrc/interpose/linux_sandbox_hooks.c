/* A program that shuts itself in: what will be needed is taken before. */
#include <stdarg.h>

#include "interpose/hooks.h"
#include "platform/platform.h"
#include "recording/recording.h"
#include "state.h"

HOOK(int, prctl)(int option, ...)
{
    unsigned long arguments[4];
    va_list rest;
    va_start(rest, option);
    for (int i = 0; i < 4; i++) {
        arguments[i] = va_arg(rest, unsigned long); /* what was not passed the kernel does not look at */
    }
    va_end(rest);
    if (!platform_shuts_in(option)) {
        return platform_prctl(option, arguments);
    }
    bool locked = state_enter(); /* what is allowed changes between two events */
    if (state.tracking) {
        recording_lay_in_stock();
    }
    int status = platform_prctl(option, arguments);
    state_leave(locked);
    return status;
}
