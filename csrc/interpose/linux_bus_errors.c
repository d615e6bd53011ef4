/* The library's handler is in front of the program's. It has the same flags and mask, and calls that for any other
 * SIGBUS; if there is none, the default action is restored, and the signal comes again. Queries of the handler return
 * what they would without the library. */
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

static bool is_function(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* It may never return. */
static void call(const struct sigaction *action, int signal, siginfo_t *info, void *context)
{
    if ((action->sa_flags & SA_SIGINFO) != 0) {
        action->sa_sigaction(signal, info, context);
    } else {
        action->sa_handler(signal);
    }
}

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
    int kept = errno;
    bool sent =
        info->si_code <= 0; /* by a process, perhaps this one; else it comes again when the instruction is retried */
    if (!sent && mend_address((uintptr_t)info->si_addr)) {
        errno = kept;
        return;
    }
    struct sigaction action = of_program;
    if (is_function(&action)) {
        if ((action.sa_flags & (int)SA_RESETHAND) != 0) {
            of_program.sa_handler = SIG_DFL;
            of_program.sa_flags &= ~SA_SIGINFO;
        }
        errno = kept;
        call(&action, signal, info, context);
        return;
    }
    (void)real.sigaction(signal, &action, NULL);
    if (sent) {
        (void)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
    }
    errno = kept;
}

/* In place of the program's action. */
static struct sigaction own_action(const struct sigaction *action)
{
    struct sigaction own;
    memset(&own, 0, sizeof own);
    if (is_function(action)) {
        own = *action;
        own.sa_flags &= ~(int)SA_RESETHAND;
    } else {
        own.sa_flags = SA_ONSTACK | SA_RESTART;
        (void)sigemptyset(&own.sa_mask);
    }
    own.sa_sigaction = on_bus_error;
    own.sa_flags |= SA_SIGINFO;
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
    struct sigaction present;
    if (real.sigaction(SIGBUS, NULL, &present) != 0 || is_own(&present) || is_ignored(&present)) {
        return;
    }
    struct sigaction own = own_action(&present);
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
    struct sigaction own;
    const struct sigaction *wanted = action;
    if (action != NULL) {
        own = own_action(action);
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

/* Whether `siginterrupt` has changed what `signal` does. */
static bool interrupts;

/* The C library's own calls of sigaction do not come here. */
HOOK(sighandler_t, signal)(int number, sighandler_t handler)
{
    if (!is_guarded(number) || handler == SIG_ERR) {
        return real.signal(number, handler);
    }
    struct sigaction how = {.sa_flags = interrupts ? 0 : SA_RESTART};
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

HOOK(int, siginterrupt)(int number, int yes)
{
    if (!is_guarded(number)) {
        return real.siginterrupt(number, yes);
    }
    struct sigaction how;
    if (sigaction(number, NULL, &how) != 0) {
        return -1;
    }
    interrupts = yes != 0;
    how.sa_flags = interrupts ? how.sa_flags & ~SA_RESTART : how.sa_flags | SA_RESTART;
    return sigaction(number, &how, NULL);
}

/* For SIG_HOLD the C library's does not change the action, but returns it. */
HOOK(sighandler_t, sigset)(int number, sighandler_t handler)
{
    if (!is_guarded(number) || handler == SIG_ERR) {
        return real.sigset(number, handler);
    }
    struct sigaction before;
    sigset_t only;
    sigset_t mask;
    (void)sigemptyset(&only);
    (void)sigaddset(&only, number);
    if (handler == SIG_HOLD) {
        (void)pthread_sigmask(SIG_BLOCK, &only, &mask);
        (void)sigaction(number, NULL, &before);
    } else {
        struct sigaction how = {.sa_handler = handler};
        (void)sigemptyset(&how.sa_mask);
        if (sigaction(number, &how, &before) != 0) {
            return SIG_ERR;
        }
        (void)pthread_sigmask(SIG_UNBLOCK, &only, &mask);
    }
    return sigismember(&mask, number) == 1 ? SIG_HOLD : before.sa_handler;
}

HOOK(int, sigignore)(int number)
{
    struct sigaction how = {.sa_handler = SIG_IGN};
    (void)sigemptyset(&how.sa_mask);
    return sigaction(number, &how, NULL);
}
