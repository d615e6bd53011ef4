/* A process that waits for the end of another knows of it before anyone else, and may start the next one at once: from
 * here on the ended one counts no more for the combined peak. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "interpose/exec_hooks.h"
#include "interpose/hooks.h"
#include "interpose/several.h"
#include "platform/platform.h"

/* The real functions. They are looked up early: a handler of a signal may wait. */
static struct {
    pid_t (*wait)(int *);
    pid_t (*waitpid)(pid_t, int *, int);
    pid_t (*wait3)(int *, int, struct rusage *);
    pid_t (*wait4)(pid_t, int *, int, struct rusage *);
    int (*waitid)(idtype_t, id_t, siginfo_t *, int);
} next;

#define FIND(name)                       \
    found = platform_next_symbol(#name); \
    memcpy(&next.name, &found, sizeof found); /* an object pointer is no function pointer to ISO C */

void wait_hooks_settle(void)
{
    void *found;
    if (next.waitid == NULL) {
        FIND(wait)
        FIND(waitpid)
        FIND(wait3)
        FIND(wait4)
        FIND(waitid)
    }
}

/* What a call has returned, and where it has written a status, unless it has failed. */
static pid_t waited(pid_t pid, const int *status)
{
    if (pid > 0 && (WIFEXITED(*status) || WIFSIGNALED(*status))) {
        several_ended((uint32_t)pid);
    }
    return pid;
}

HOOK(pid_t, waitpid)(pid_t pid, int *status, int options)
{
    int own;
    wait_hooks_settle(); /* a library's constructor may come before ours */
    int *told = status == NULL ? &own : status;
    pid_t ended = next.waitpid(pid, told, options);
    return waited(ended, told);
}

HOOK(pid_t, wait)(int *status)
{
    int own;
    wait_hooks_settle();
    int *told = status == NULL ? &own : status;
    pid_t ended = next.wait(told);
    return waited(ended, told);
}

HOOK(pid_t, wait3)(int *status, int options, struct rusage *usage)
{
    int own;
    wait_hooks_settle();
    int *told = status == NULL ? &own : status;
    pid_t ended = next.wait3(told, options, usage);
    return waited(ended, told);
}

HOOK(pid_t, wait4)(pid_t pid, int *status, int options, struct rusage *usage)
{
    int own;
    wait_hooks_settle();
    int *told = status == NULL ? &own : status;
    pid_t ended = next.wait4(pid, told, options, usage);
    return waited(ended, told);
}

HOOK(int, waitid)(idtype_t kind, id_t id, siginfo_t *about, int options)
{
    siginfo_t own;
    wait_hooks_settle();
    siginfo_t *told = about == NULL ? &own : about;
    int result = next.waitid(kind, id, told, options);
    if (result == 0 && told->si_pid > 0 && /* 0: there is none */
        (told->si_code == CLD_EXITED || told->si_code == CLD_KILLED || told->si_code == CLD_DUMPED)) {
        several_ended((uint32_t)told->si_pid);
    }
    return result;
}
