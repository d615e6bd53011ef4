/* Preloaded: takes so many thread-specific keys that the C library has to allocate for the next ones. */
#include <pthread.h>
#include <stddef.h>

__attribute__((constructor)) static void loaded(void)
{
    for (int i = 0; i < 100; i++) {
        pthread_key_t key;
        (void)pthread_key_create(&key, NULL);
    }
}
