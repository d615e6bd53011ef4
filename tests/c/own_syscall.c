/* A library that a user preloads to stand in front of `syscall`, and calls of that function. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int seen;

long syscall(long number, ...)
{
    static long (*next)(long number, ...);
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(rest, long);
    }
    va_end(rest);
    if (next == NULL) {
        next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    }
    seen += number == SYS_getppid;
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* How many of three calls this library has seen; where it is not preloaded, none. */
int seen_of_three(void)
{
    int before = seen;
    for (int i = 0; i < 3; i++) {
        (void)syscall(SYS_getppid);
    }
    return seen - before;
}

/* Six arguments, an error, a copy of the process: 0, or the number of what went wrong. */
int go_through(const char *path, long offset)
{
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
    char *mapped = (char *)syscall(SYS_mmap, NULL, 10, PROT_READ, MAP_PRIVATE, file, offset);
    if (mapped == MAP_FAILED || memcmp(mapped, "behind", 6) != 0) {
        return 1;
    }
    errno = 0;
    if (syscall(SYS_close, -1) != -1 || errno != EBADF) {
        return 2;
    }
    long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        _exit(7);
    }
    int status = 0;
    return waitpid((pid_t)child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : 3;
}
