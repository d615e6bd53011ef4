/* A system call without hooks. */
#include <errno.h>

#include "platform/platform.h"

#define LAST_ERROR 4095u

long platform_call(long number, const unsigned long *arguments)
{
    unsigned long status;
#ifdef __x86_64__
    register unsigned long fourth __asm__("r10") = arguments[3];
    register unsigned long fifth __asm__("r8") = arguments[4];
    register unsigned long sixth __asm__("r9") = arguments[5];
    __asm__ volatile("syscall"
                     : "=a"(status)
                     : "0"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth), "r"(fifth),
                       "r"(sixth)
                     : "rcx", "r11", "memory");
#else
    register unsigned long first __asm__("x0") = arguments[0];
    register unsigned long second __asm__("x1") = arguments[1];
    register unsigned long third __asm__("x2") = arguments[2];
    register unsigned long fourth __asm__("x3") = arguments[3];
    register unsigned long fifth __asm__("x4") = arguments[4];
    register unsigned long sixth __asm__("x5") = arguments[5];
    register long which __asm__("x8") = number;
    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth), "r"(which)
                     : "memory");
    status = first;
#endif
    if (status > ~0ul - LAST_ERROR) {
        errno = (int)(0 - status);
        return -1;
    }
    return (long)status;
}
