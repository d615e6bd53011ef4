/* A program that sandboxes itself: acquire beforehand what will be needed. It uses prctl, or, like libseccomp, calls
 * the kernel by `syscall`. */
#include "interpose/linux_sandbox_hooks.h"

#include <stdarg.h>
#include <sys/syscall.h>

#include "interpose/hooks.h"
#include "platform/platform.h"
#include "recording/recording.h"
#include "state.h"

long linux_sandbox_shut_in(long number, const unsigned long *arguments)
{
    if (!platform_shuts_in(number, arguments)) {
        return platform_call(number, arguments);
    }
    bool locked = state_enter(); /* the allowed calls change between two events */
    if (state.tracking) {
        recording_lay_in_stock();
    }
    long status = platform_shut_in(number, arguments);
    state_leave(locked);
    return status;
}

HOOK(int, prctl)(int option, ...)
{
    unsigned long arguments[PLATFORM_ARGUMENTS] = {(unsigned long)option};
    va_list rest;
    va_start(rest, option);
    for (int i = 1; i < PLATFORM_ARGUMENTS - 1; i++) {
        arguments[i] = va_arg(rest, unsigned long); /* the kernel ignores arguments that were not passed */
    }
    va_end(rest);
    return (int)linux_sandbox_shut_in(SYS_prctl, arguments);
}
