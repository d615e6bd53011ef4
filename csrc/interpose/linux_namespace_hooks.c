/* `dlmopen`: a library in another namespace has a C library of its own, whose functions lead to no hook. That can only
 * be noted. The real function must see its caller's address: so the hook has no frame by then, which only assembler can
 * guarantee. */
#include "interpose/linux_namespace_hooks.h"

#include <stddef.h>
#include <string.h>

#include "interpose/hooks.h"
#include "interpose/linux_c_library.h"
#include "platform/platform.h"

#define PROGRAMS_OWN 0 /* LM_ID_BASE */

static void *not_there(long space, const char *path, int mode)
{
    (void)space;
    (void)path;
    (void)mode;
    return NULL;
}

/* Where the hook continues. */
__attribute__((visibility("hidden"))) extern void *(*namespace_hooks_next)(long space, const char *path, int mode);
void *(*namespace_hooks_next)(long space, const char *path, int mode);

void namespace_hooks_settle(void)
{
    if (namespace_hooks_next != NULL) {
        return;
    }
    static const char *const own[] = {"dlmopen"};
    void *found = platform_next_symbol(own[0]);
    if (found == NULL) { /* not every C library has it: so nobody is to find the hook */
        namespace_hooks_next = not_there;
        (void)platform_withdraw(own, 1);
        return;
    }
    memcpy(&namespace_hooks_next, &found, sizeof found); /* an object pointer is no function pointer to ISO C */
}

/* Not static, for the assembler. */
__attribute__((visibility("hidden"), used)) void namespace_hooks_before_dlmopen(long space);
void namespace_hooks_before_dlmopen(long space)
{
    namespace_hooks_settle();
    if (space != PROGRAMS_OWN) {
        linux_c_library_is_loaded_again();
    }
}

/* clang-format off */
#ifdef __x86_64__
__asm__(".text\n"
        ".globl dlmopen\n"
        ".type dlmopen, @function\n"
        "dlmopen:\n"
        "    .cfi_startproc\n"
        "    pushq %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rsi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    pushq %rdx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call namespace_hooks_before_dlmopen\n"
        "    popq %rdx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rsi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    jmpq *namespace_hooks_next(%rip)\n"
        "    .cfi_endproc\n"
        ".size dlmopen, . - dlmopen\n");
#endif
#ifdef __aarch64__
__asm__(".text\n"
        ".globl dlmopen\n"
        ".type dlmopen, %function\n"
        "dlmopen:\n"
        "    stp x29, x30, [sp, #-48]!\n"
        "    stp x0, x1, [sp, #16]\n"
        "    str x2, [sp, #32]\n"
        "    bl namespace_hooks_before_dlmopen\n"
        "    ldr x2, [sp, #32]\n"
        "    ldp x0, x1, [sp, #16]\n"
        "    ldp x29, x30, [sp], #48\n"
        "    adrp x16, namespace_hooks_next\n"
        "    ldr x16, [x16, #:lo12:namespace_hooks_next]\n"
        "    br x16\n"
        ".size dlmopen, . - dlmopen\n");
#endif
