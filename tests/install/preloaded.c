/* Is the library in front of the C library? Prints fil_preloaded's answer and where malloc comes from. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *thread(void *argument)
{
    free(malloc(1000));
    return argument;
}

int main(void)
{
    int32_t (*preloaded)(void) = (int32_t (*)(void))dlsym(RTLD_DEFAULT, "fil_preloaded");
    char *block = strdup("text");
    void *result = NULL;
    pthread_t other;
    Dl_info info;
    void *mapped = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (preloaded == NULL || mapped == MAP_FAILED || pthread_create(&other, NULL, thread, block) != 0 ||
        pthread_join(other, &result) != 0 || result != block || dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) == 0) {
        return 1;
    }
    void *(*by_pages)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "pvalloc"); /* which not every C library has */
    if (by_pages != NULL) {
        free(by_pages(1000));
    }
    block = realloc(block, 100000);
    printf("%d %s %s\n", preloaded(), block, strrchr(info.dli_fname, '/') + 1);
    free(block);
    return munmap(mapped, 1 << 20);
}
