/* Programs that this process starts, and the one that it becomes: none of them is in the recording, so the report has
 * to mention them. The handlers in process_hooks.c see forks. */
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "children/children.h"
#include "interpose/events.h"
#include "interpose/hooks.h"
#include "interpose/exec_hooks.h"
#include "interpose/process_hooks.h"
#include "interpose/starter.h"
#include "platform/platform.h"

#define MOST_PATH_BYTES 1024

/* The real functions. They are looked up early: the child of a vfork must not call the dynamic linker. */
static struct {
    int (*execve)(const char *, char *const *, char *const *);
    int (*execvpe)(const char *, char *const *, char *const *);
    int (*fexecve)(int, char *const *, char *const *);
    int (*execveat)(int, const char *, char *const *, char *const *, int);
    int (*posix_spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                       char *const *, char *const *);
    int (*posix_spawnp)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                        char *const *, char *const *);
} next;

/* Where the hook of vfork continues. */
__attribute__((visibility("hidden"))) void *exec_hooks_real_vfork;

#define FIND(name)                       \
    found = platform_next_symbol(#name); \
    memcpy(&next.name, &found, sizeof found); /* an object pointer is no function pointer to ISO C */

void exec_hooks_settle(void)
{
    void *found;
    if (exec_hooks_real_vfork != NULL) {
        return;
    }
    FIND(execve)
    FIND(execvpe)
    FIND(fexecve)
    FIND(execveat) /* not every C library has it */
    FIND(posix_spawn)
    FIND(posix_spawnp)
    exec_hooks_real_vfork = platform_next_symbol("vfork");
    platform_learn_linker();
}

/* Just before vfork. Not static, for the assembler. */
__attribute__((visibility("hidden"), used)) void exec_hooks_before_vfork(void);
void exec_hooks_before_vfork(void)
{
    exec_hooks_settle();
    starter_note();
    process_hooks_started();
}

/* vfork returns twice, the first time in a child that uses its parent's stack. So the hook must have no frame by then,
 * which only assembler can guarantee. */
#ifdef __x86_64__
__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, @function\n"
        "vfork:\n"
        "    subq $8, %rsp\n"
        "    call exec_hooks_before_vfork\n"
        "    addq $8, %rsp\n"
        "    jmpq *exec_hooks_real_vfork(%rip)\n"
        ".size vfork, . - vfork\n");
#endif
#ifdef __aarch64__
__asm__(".text\n"
        ".globl vfork\n"
        ".type vfork, %function\n"
        "vfork:\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    bl exec_hooks_before_vfork\n"
        "    ldp x29, x30, [sp], #16\n"
        "    adrp x16, exec_hooks_real_vfork\n"
        "    ldr x16, [x16, #:lo12:exec_hooks_real_vfork]\n"
        "    br x16\n"
        ".size vfork, . - vfork\n");
#endif

/* The C library's own calls of the functions below do not come here, or come within another: each process counts
 * once. */
static _Thread_local uint32_t starting;

bool exec_hooks_start(void)
{
    exec_hooks_settle();
    starting += 1;
    return starting == 1;
}

void exec_hooks_started(bool outermost, bool success)
{
    starting -= 1;
    if (outermost && success) {
        int kept = errno;
        process_hooks_started();
        errno = kept;
    }
}

/* `edited`: the environment that the program at `path` is started with, on this function's stack; the one that was
 * given where programs are not recorded, or it is too long. */
#define CHILDS_ENVIRONMENT(environment, path)                                                         \
    size_t places = children_on() ? children_places(environment) : 0;                                 \
    char *list_of_edited[places + 1];                                                                 \
    char preload_list[places == 0 ? 1 : children_list_bytes(environment)];                            \
    if (places != 0) {                                                                                \
        char starter[CHILDREN_STARTER_BYTES];                                                         \
        starter_note();                                                                               \
        starter_write(starter);                                                                       \
        children_edit(environment, platform_program_at(path), starter, list_of_edited, preload_list); \
    }                                                                                                 \
    char *const *edited = places == 0 ? environment : list_of_edited;

/* The file that exec would find. It is looked at only: exec searches by itself. */
#define SEARCHED(file)                                                                                                \
    char found_path[MOST_PATH_BYTES];                                                                                 \
    const char *found = children_on() && platform_search_program(file, getenv("PATH"), found_path, sizeof found_path) \
                            ? found_path                                                                              \
                            : file;

HOOK(int, posix_spawn)(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)
{
    CHILDS_ENVIRONMENT(environment, path)
    bool outermost = exec_hooks_start();
    int status = next.posix_spawn(pid, path, actions, attributes, arguments, edited);
    exec_hooks_started(outermost, status == 0);
    return status;
}

HOOK(int, posix_spawnp)(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)
{
    SEARCHED(file)
    CHILDS_ENVIRONMENT(environment, found)
    bool outermost = exec_hooks_start();
    int status = next.posix_spawnp(pid, file, actions, attributes, arguments, edited);
    exec_hooks_started(outermost, status == 0);
    return status;
}

/* This process is about to become another program, or has failed to (then `path` is NULL). */
static void becomes(const char *path, size_t length)
{
    int kept = errno;
    process_hooks_becomes(path, length);
    errno = kept;
}

HOOK(int, execve)(const char *path, char *const *arguments, char *const *environment)
{
    CHILDS_ENVIRONMENT(environment, path)
    exec_hooks_settle();
    becomes(path, strlen(path));
    int status = next.execve(path, arguments, edited);
    becomes(NULL, 0);
    return status;
}

HOOK(int, execvpe)(const char *file, char *const *arguments, char *const *environment)
{
    SEARCHED(file)
    CHILDS_ENVIRONMENT(environment, found)
    exec_hooks_settle();
    becomes(file, strlen(file));
    int status = next.execvpe(file, arguments, edited);
    becomes(NULL, 0);
    return status;
}

HOOK(int, fexecve)(int descriptor, char *const *arguments, char *const *environment)
{
    uint8_t path[MOST_PATH_BYTES];
    size_t length = platform_file_path(descriptor, path, sizeof path - 1);
    path[length] = '\0';
    CHILDS_ENVIRONMENT(environment, (const char *)path)
    exec_hooks_settle();
    becomes((const char *)path, length);
    int status = next.fexecve(descriptor, arguments, edited);
    becomes(NULL, 0);
    return status;
}

HOOK(int, execveat)(int folder, const char *path, char *const *arguments, char *const *environment, int flags)
{
    exec_hooks_settle();
    if (next.execveat == NULL) {
        errno = ENOSYS;
        return -1;
    }
    CHILDS_ENVIRONMENT(environment, path)
    becomes(path, strlen(path));
    int status = next.execveat(folder, path, arguments, edited, flags);
    becomes(NULL, 0);
    return status;
}

HOOK(int, execv)(const char *path, char *const *arguments)
{
    return execve(path, arguments, environ);
}

HOOK(int, execvp)(const char *file, char *const *arguments)
{
    return execvpe(file, arguments, environ);
}

/* The number of arguments, without the NULL at their end. */
static size_t count_arguments(const char *first, va_list rest)
{
    size_t count = 0;
    for (const char *argument = first; argument != NULL; argument = va_arg(rest, char *)) {
        count += 1;
    }
    return count;
}

/* The arguments and the NULL. */
static void take_arguments(char **arguments, size_t count, const char *first, va_list rest)
{
    memcpy(&arguments[0], &first, sizeof first); /* the types of exec allow changes, but it makes none */
    for (size_t place = 1; place <= count; place++) {
        arguments[place] = va_arg(rest, char *);
    }
}

#define ARGUMENTS_OF_LIST(first)                 \
    va_list rest;                                \
    va_start(rest, first);                       \
    size_t count = count_arguments(first, rest); \
    va_end(rest);                                \
    char *arguments[count + 1];                  \
    va_start(rest, first);                       \
    take_arguments(arguments, count, first, rest);

HOOK(int, execl)(const char *path, const char *first, ...)
{
    ARGUMENTS_OF_LIST(first)
    va_end(rest);
    return execve(path, arguments, environ);
}

HOOK(int, execlp)(const char *file, const char *first, ...)
{
    ARGUMENTS_OF_LIST(first)
    va_end(rest);
    return execvpe(file, arguments, environ);
}

HOOK(int, execle)(const char *path, const char *first, ...)
{
    ARGUMENTS_OF_LIST(first)
    char *const *environment = va_arg(rest, char *const *);
    va_end(rest);
    return execve(path, arguments, environment);
}
