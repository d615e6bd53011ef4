/* Included before every C file of the library, in a build for tests/integration/test_faults.py: the system calls and
 * the allocations that the library makes for itself go through faults.c, which lets some of them fail. What the program
 * asks for (its own mmap, its own malloc) is left alone: a fault there would be the program's. */
#ifndef FAULTS_H
#define FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* FAULT(name): every kind of call that may be made to fail. Reads of memory that may not be there are a group of their
 * own: there are hundreds of them at the start, and none after. */
// clang-format off: a list
#define FAULTS_REST \
    FAULT(openat) FAULT(close) FAULT(fallocate) FAULT(posix_fallocate) FAULT(pwrite64) FAULT(nanosleep) \
    FAULT(fcntl) FAULT(mmap) FAULT(munmap) FAULT(madvise) FAULT(getrlimit) FAULT(stat) FAULT(fstat) \
    FAULT(readlinkat) FAULT(shmctl) FAULT(sigaction) FAULT(futex) FAULT(pthread_key_create) \
    FAULT(pthread_setspecific) FAULT(pthread_atfork) FAULT(malloc) FAULT(mprotect)
// clang-format on
#define FAULTS_READS FAULT(process_vm_readv) FAULT(pipe2) FAULT(read) FAULT(write)

enum fault_kind {
#define FAULT(name) FAULT_##name,
    FAULTS_REST FAULT_FIRST_READ,
    FAULT_BEFORE_READS = FAULT_FIRST_READ - 1,
    FAULTS_READS FAULT_KINDS
#undef FAULT
};

/* Is this call to fail? Then errno says why. */
int fault_now(enum fault_kind kind);
long fault_syscall(long number, ...);

#ifdef FAULTS_IN_LINUX /* platform/linux.c, platform/posix.c and platform/posix_file.c */
void *fault_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset);
int fault_munmap(void *address, size_t bytes);
#    define platform_mmap fault_mmap
#    define platform_munmap fault_munmap
#    define syscall(...) fault_syscall(__VA_ARGS__)
#    define FAULT_OR(name, failure, ...) (fault_now(FAULT_##name) ? (failure) : name(__VA_ARGS__))
#    define madvise(...) FAULT_OR(madvise, -1, __VA_ARGS__)
#    define getrlimit(...) FAULT_OR(getrlimit, -1, __VA_ARGS__)
#    define stat(...) FAULT_OR(stat, -1, __VA_ARGS__)
#    define sigaction(...) FAULT_OR(sigaction, -1, __VA_ARGS__)
#    define posix_fallocate(...) FAULT_OR(posix_fallocate, errno, __VA_ARGS__)
#    define pthread_key_create(...) FAULT_OR(pthread_key_create, EAGAIN, __VA_ARGS__)
#    define pthread_setspecific(...) FAULT_OR(pthread_setspecific, ENOMEM, __VA_ARGS__)
#    define process_vm_readv(...) FAULT_OR(process_vm_readv, -1, __VA_ARGS__)
#    define pipe2(...) FAULT_OR(pipe2, -1, __VA_ARGS__)
#    define read(...) FAULT_OR(read, -1, __VA_ARGS__)
#    define write(...) FAULT_OR(write, -1, __VA_ARGS__)
#endif

#ifdef FAULTS_IN_LINUX_MAPS /* platform/linux_maps.c, which makes the program's system calls too */
#    define syscall(...) fault_syscall(__VA_ARGS__)
#endif

#ifdef FAULTS_IN_LINUX_SYMBOLS /* platform/linux_symbols.c */
int fault_mprotect(void *address, size_t bytes, int protection, int key);
#    define platform_mprotect fault_mprotect
#endif

#ifdef FAULTS_IN_PROCESS_HOOKS /* interpose/process_hooks.c: real.malloc fails for what no machine has */
#    define malloc(bytes) malloc(fault_now(FAULT_malloc) ? (size_t)PTRDIFF_MAX : (bytes))
#    define pthread_atfork(...) (fault_now(FAULT_pthread_atfork) ? ENOMEM : pthread_atfork(__VA_ARGS__))
#endif

#endif
