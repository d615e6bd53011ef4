/* Commands that the C library gives to the shell: it starts that by calls of its own, which no hook sees, with the
 * environment of this process. Where programs that are started are recorded, the shell needs another one. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children/children.h"
#include "interpose/exec_hooks.h"
#include "interpose/hooks.h"
#include "interpose/real.h"
#include "interpose/starter.h"
#include "platform/platform.h"

#define SHELL "/bin/sh"
#define SHELL_CANNOT_RUN (127 << 8) /* as a status of waitpid */

static struct {
    int (*system)(const char *);
    FILE *(*popen)(const char *, const char *);
} next;

void shell_hooks_settle(void)
{
    if (next.popen != NULL) {
        return;
    }
    void *found = platform_next_symbol("system");
    memcpy(&next.system, &found, sizeof found); /* an object pointer is no function pointer to ISO C */
    found = platform_next_symbol("popen");
    memcpy(&next.popen, &found, sizeof found);
}

/* While commands run, the process ignores Ctrl-C and its kin, as POSIX has it for system: several may run at once. */
static struct {
    pthread_mutex_t lock;
    unsigned commands;
    struct sigaction interrupt;
    struct sigaction quit;
} ignored = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void ignore_keys(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    pthread_mutex_lock(&ignored.lock);
    if (ignored.commands++ == 0) {
        sigaction(SIGINT, &ignore, &ignored.interrupt);
        sigaction(SIGQUIT, &ignore, &ignored.quit);
    }
    pthread_mutex_unlock(&ignored.lock);
}

static void heed_keys(void)
{
    pthread_mutex_lock(&ignored.lock);
    if (--ignored.commands == 0) {
        sigaction(SIGINT, &ignored.interrupt, NULL);
        sigaction(SIGQUIT, &ignored.quit, NULL);
    }
    pthread_mutex_unlock(&ignored.lock);
}

struct command {
    pid_t pid;
    sigset_t mask;
};

static void command_ends(struct command *command)
{
    heed_keys();
    sigprocmask(SIG_SETMASK, &command->mask, NULL);
}

static void command_is_cancelled(void *context)
{
    struct command *command = context;
    kill(command->pid, SIGKILL);
    while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    command_ends(command);
}

static int start_shell(const char *line, struct command *command)
{
    sigset_t defaults;
    posix_spawnattr_t attributes;
    char *words[] = {(char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)line, NULL};
    sigemptyset(&defaults);
    if (ignored.interrupt.sa_handler != SIG_IGN) {
        sigaddset(&defaults, SIGINT);
    }
    if (ignored.quit.sa_handler != SIG_IGN) {
        sigaddset(&defaults, SIGQUIT);
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &command->mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int failure = posix_spawn(&command->pid, SHELL, NULL, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

HOOK(int, system)(const char *line)
{
    shell_hooks_settle();
    if (line == NULL || !children_on()) {
        bool outermost = exec_hooks_start();
        int status = next.system(line);
        exec_hooks_started(outermost, line != NULL && status != -1);
        return status;
    }
    struct command command = {.pid = 0};
    sigset_t child;
    int status = SHELL_CANNOT_RUN;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ignore_keys();
    sigprocmask(SIG_BLOCK, &child, &command.mask);
    int failure = start_shell(line, &command);
    if (failure == 0) {
        int waited;
        pthread_cleanup_push(command_is_cancelled, &command);
        do {
            waited = waitpid(command.pid, &status, 0);
        } while (waited < 0 && errno == EINTR);
        pthread_cleanup_pop(0);
        status = waited < 0 ? -1 : status;
    }
    int kept = failure == 0 ? errno : failure;
    command_ends(&command);
    errno = kept;
    return status;
}

HOOK(FILE *, popen)(const char *line, const char *type)
{
    shell_hooks_settle();
    size_t places = children_on() ? children_places(environ) : 0;
    char **edited = places == 0 ? NULL : real.malloc(places * sizeof *edited + children_list_bytes(environ));
    char **kept = environ;
    if (edited !=
        NULL) { /* for as long as it takes to start the shell; whoever looks meanwhile sees all that was there */
        char starter[CHILDREN_STARTER_BYTES];
        starter_note();
        starter_write(starter);
        children_edit(environ, platform_program_at(SHELL), starter, edited, (char *)(edited + places));
        environ = edited;
    }
    bool outermost = exec_hooks_start();
    FILE *stream = next.popen(line, type);
    if (edited != NULL && environ == edited) {
        environ = kept;
        real.free(edited);
    } /* else another thread has set a variable meanwhile: the new environment points into this one */
    exec_hooks_started(outermost, stream != NULL);
    return stream;
}
