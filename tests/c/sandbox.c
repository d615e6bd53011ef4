/* Shuts the calling process in, by filters of system calls. Loaded by tests/programs/sandboxed.py. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#    define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#    define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define MOST_STEPS 128
#define KILL SECCOMP_RET_KILL_PROCESS
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* Those that lead from a name to a file. */
static const int opening[] = {
#ifdef SYS_open
    SYS_open, SYS_creat,
#endif
    SYS_openat, 437 /* openat2 */};

/* Those that tell names of files. */
static const int naming[] = {
#ifdef SYS_readlink
    SYS_readlink,
#endif
    SYS_readlinkat};

/* What a process that only computes is left with. The last two some interpreters need for their memory. */
static const int computing[] = {SYS_read,          SYS_write, SYS_close,  SYS_mmap,       SYS_munmap,
                                SYS_mremap,        SYS_brk,   SYS_futex,  SYS_exit_group, SYS_rt_sigreturn,
                                SYS_clock_gettime, SYS_prctl, SYS_madvise};

/* By prctl; by the system call, as libseccomp does it; what only root may do: that one, or prctl's, without
 * PR_SET_NO_NEW_PRIVS. */
enum way { BY_PRCTL, DIRECTLY, DIRECTLY_AS_ROOT, PRCTL_AS_ROOT };

/* A filter that gives `listed` for these calls, and `others` for all else. */
static int install(const int *numbers, size_t count, unsigned listed, unsigned others, enum way way)
{
    struct sock_filter steps[MOST_STEPS];
    unsigned short at = 0;
    steps[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    steps[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    steps[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, KILL);
    steps[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count; i++) {
        steps[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[i], 0, 1);
        steps[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, listed);
    }
    steps[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, others);
    struct sock_fprog program = {.len = at, .filter = steps};
    if ((way == BY_PRCTL || way == DIRECTLY) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return errno;
    }
    long status = way == BY_PRCTL        ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
                  : way == PRCTL_AS_ROOT ? syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
                                         : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    return status == 0 ? 0 : errno;
}

#define COUNT(numbers) (sizeof(numbers) / sizeof *(numbers))

int kill_on_open(enum way way)
{
    return install(opening, COUNT(opening), KILL, SECCOMP_RET_ALLOW, way);
}

int refuse_open(enum way way)
{
    return install(opening, COUNT(opening), REFUSE, SECCOMP_RET_ALLOW, way);
}

int only_compute(enum way way)
{
    return install(computing, COUNT(computing), SECCOMP_RET_ALLOW, KILL, way);
}

int kill_on_links(enum way way)
{
    return install(naming, COUNT(naming), KILL, SECCOMP_RET_ALLOW, way);
}
