/* `syscall`: two of its calls can sandbox the program, two make it another one, and are hooked. All others go on to the
 * next such function, without a frame of the hook's: the child of a clone may return on its own stack, which has only
 * what the C library's function leaves there. So it is written in assembler. */
#include "interpose/linux_syscall.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "interpose/hooks.h"
#include "interpose/linux_sandbox_hooks.h"
#include "interpose/process_hooks.h"
#include "platform/linux_sandbox.h"
#include "platform/platform.h"

#define FOR_ASSEMBLER __attribute__((visibility("hidden"), used))

/* The next function `syscall`. */
FOR_ASSEMBLER long linux_syscall_shuts_in(long number, unsigned long first, unsigned long second, unsigned long third,
                                          unsigned long fourth, unsigned long fifth);
FOR_ASSEMBLER long linux_syscall_executes(long number, unsigned long first, unsigned long second, unsigned long third,
                                          unsigned long fourth, unsigned long fifth);
FOR_ASSEMBLER long linux_syscall_failed(long error);
FOR_ASSEMBLER long linux_syscall_directly(long number, ...);
extern long (*linux_syscall_next)(long number, ...);

FOR_ASSEMBLER long (*linux_syscall_next)(long number, ...) = linux_syscall_directly;

long linux_syscall_shuts_in(long number, unsigned long first, unsigned long second, unsigned long third,
                            unsigned long fourth, unsigned long fifth)
{
    const unsigned long arguments[PLATFORM_ARGUMENTS] = {first, second, third, fourth, fifth};
    return linux_sandbox_shut_in(number, arguments);
}

/* As the hooks of the functions that do just that. It returns only if it fails. */
long linux_syscall_executes(long number, unsigned long first, unsigned long second, unsigned long third,
                            unsigned long fourth, unsigned long fifth)
{
    const char *path = (const char *)(number == SYS_execve ? first : second);
    if (path != NULL) {
        process_hooks_becomes(path, strlen(path));
    }
    long status = linux_syscall_next(number, first, second, third, fourth, fifth);
    int kept = errno;
    process_hooks_becomes(NULL, 0);
    errno = kept;
    return status;
}

long linux_syscall_failed(long error)
{
    errno = (int)-error;
    return -1;
}

void linux_syscall_settle(void)
{
    void *next = platform_next_symbol("syscall");
    if (next != NULL) {
        memcpy(&linux_syscall_next, &next, sizeof next); /* C has no cast for it */
    }
}

/* clang-format off */
#define DIGITS_OF(number) #number
#define DIGITS(number) DIGITS_OF(number)
#ifdef __x86_64__
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        "    .cfi_startproc\n"
        "    cmpq $" DIGITS(SYS_prctl) ", %rdi\n"
        "    je linux_syscall_shuts_in\n"
        "    cmpq $" DIGITS(LINUX_SYS_SECCOMP) ", %rdi\n"
        "    je linux_syscall_shuts_in\n"
        "    cmpq $" DIGITS(SYS_execve) ", %rdi\n"
        "    je linux_syscall_executes\n"
        "    cmpq $" DIGITS(LINUX_SYS_EXECVEAT) ", %rdi\n"
        "    je linux_syscall_executes\n"
        "    jmp *linux_syscall_next(%rip)\n"
        "    .cfi_endproc\n"
        ".size syscall, . - syscall\n"
        ".globl linux_syscall_directly\n"
        ".hidden linux_syscall_directly\n"
        ".type linux_syscall_directly, @function\n"
        "linux_syscall_directly:\n"
        "    .cfi_startproc\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    movq %r8, %r10\n"
        "    movq %r9, %r8\n"
        "    movq 8(%rsp), %r9\n"
        "    syscall\n"
        "    cmpq $-4095, %rax\n"
        "    jae 1f\n"
        "    ret\n"
        "1:  movq %rax, %rdi\n"
        "    jmp linux_syscall_failed\n"
        "    .cfi_endproc\n"
        ".size linux_syscall_directly, . - linux_syscall_directly\n");
#endif
#ifdef __aarch64__
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, %function\n"
        "syscall:\n"
        "    .cfi_startproc\n"
        "    cmp x0, #" DIGITS(SYS_prctl) "\n"
        "    b.eq 1f\n"
        "    cmp x0, #" DIGITS(LINUX_SYS_SECCOMP) "\n"
        "    b.eq 1f\n"
        "    cmp x0, #" DIGITS(SYS_execve) "\n"
        "    b.eq 2f\n"
        "    cmp x0, #" DIGITS(LINUX_SYS_EXECVEAT) "\n"
        "    b.eq 2f\n"
        "    adrp x16, linux_syscall_next\n"
        "    ldr x16, [x16, :lo12:linux_syscall_next]\n"
        "    br x16\n"
        "1:  b linux_syscall_shuts_in\n"
        "2:  b linux_syscall_executes\n"
        "    .cfi_endproc\n"
        ".size syscall, . - syscall\n"
        ".globl linux_syscall_directly\n"
        ".hidden linux_syscall_directly\n"
        ".type linux_syscall_directly, %function\n"
        "linux_syscall_directly:\n"
        "    .cfi_startproc\n"
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    svc #0\n"
        "    cmn x0, #4095\n"
        "    b.hs 1f\n"
        "    ret\n"
        "1:  b linux_syscall_failed\n"
        "    .cfi_endproc\n"
        ".size linux_syscall_directly, . - linux_syscall_directly\n");
#endif
