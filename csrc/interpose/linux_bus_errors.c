/* The library's handler is in front of the program's. Any other SIGBUS reaches the program exactly as it would have:
 * its own handler is restored, and the signal comes again. Queries of the handler return what they would without the
 * library. */
#include "interpose/bus_errors.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interpose/hooks.h"
#include "interpose/real.h"
#include "platform/platform.h"

static bool (*mend_address)(uintptr_t address);
static uint32_t guarded_process; /* in a child that shares this memory, its changes are not the parent's */
static struct sigaction of_program;

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
    (void)context;
    int kept = errno;
    bool sent = info->si_code <= 0; /* else it comes again when the instruction is retried */
    if (!mend_address(sent ? 0 : (uintptr_t)info->si_addr)) {
        (void)real.sigaction(signal, &of_program, NULL);
        if (sent) {
            (void)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
        }
    }
    errno = kept;
}

static struct sigaction own_action(void)
{
    struct sigaction own;
    memset(&own, 0, sizeof own);
    own.sa_sigaction = on_bus_error;
    own.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    (void)sigemptyset(&own.sa_mask);
    return own;
}

static bool is_own(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_bus_error;
}

/* Programs that this one starts inherit this. */
static bool is_ignored(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == SIG_IGN;
}

void bus_errors_guard(bool (*mend)(uintptr_t address))
{
    struct sigaction own = own_action();
    struct sigaction present;
    if (real.sigaction(SIGBUS, NULL, &present) != 0 || is_own(&present) || is_ignored(&present)) {
        return;
    }
    of_program = present;
    mend_address = mend;
    guarded_process = platform_pid();
    (void)real.sigaction(SIGBUS, &own, NULL);
}

static bool is_guarded(int signal)
{
    return signal == SIGBUS && mend_address != NULL && platform_pid() == guarded_process;
}

HOOK(int, sigaction)(int signal, const struct sigaction *action, struct sigaction *old)
{
    if (!is_guarded(signal)) {
        return real.sigaction(signal, action, old);
    }
    struct sigaction before = of_program;
    struct sigaction present;
    struct sigaction own = own_action();
    const struct sigaction *wanted = action;
    if (action != NULL) {
        of_program = *action;
        wanted = is_ignored(action) ? action : &own;
    }
    int status = real.sigaction(signal, wanted, &present);
    if (old != NULL && status == 0) {
        *old = is_own(&present) ? before : present;
    }
    return status;
}

static sighandler_t set_handler(sighandler_t handler, const struct sigaction *how)
{
    struct sigaction wanted = *how;
    struct sigaction before;
    wanted.sa_handler = handler;
    return sigaction(SIGBUS, &wanted, &before) == 0 ? before.sa_handler : SIG_ERR;
}

/* The C library's own calls of sigaction do not come here. */
HOOK(sighandler_t, signal)(int number, sighandler_t handler)
{
    if (!is_guarded(number) || handler == SIG_ERR) {
        return real.signal(number, handler);
    }
    struct sigaction how = {.sa_flags = SA_RESTART};
    (void)sigemptyset(&how.sa_mask);
    (void)sigaddset(&how.sa_mask, SIGBUS);
    return set_handler(handler, &how);
}

HOOK(sighandler_t, bsd_signal)(int number, sighandler_t handler)
{
    return (signal)(number, handler);
}

HOOK(sighandler_t, ssignal)(int number, sighandler_t handler)
{
    return (signal)(number, handler);
}

/* Called by programs that are compiled without the extensions of the C library. */
HOOK(sighandler_t, __sysv_signal)(int number, sighandler_t handler)
{
    if (!is_guarded(number) || handler == SIG_ERR) {
        return real.__sysv_signal(number, handler);
    }
    struct sigaction how = {.sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    (void)sigemptyset(&how.sa_mask);
    return set_handler(handler, &how);
}

HOOK(sighandler_t, sysv_signal)(int number, sighandler_t handler)
{
    return __sysv_signal(number, handler);
}
