/* Between mac_host.c, which says what this is, and mac_calls.c. */
#ifndef MAC_HOST_H
#define MAC_HOST_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_MAP_ANON 0x1000
#define MAC_MAP_FIXED 0x10

/* Where the library is mapped, and the path of its file. */
struct mac_library {
    char *image;
    size_t bytes;
    char path[4096];
    char preloaded[4200]; /* its environment: one variable */
};

extern struct mac_library mac;

/* A function's name, and where it is. */
struct name_at {
    const char *name;
    uint64_t at;
};

/* The function of ours that stands for one of libSystem's; 0 if there is none. */
uint64_t mac_function(const char *name);

int mac_posix_memalign(void **block, size_t alignment, size_t bytes);
int mac_munmap(void *address, size_t bytes);
int mac_mprotect(void *address, size_t bytes, int protection);
int mac_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument);

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

#endif
