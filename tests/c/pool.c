/* A pool of one thread that lives on: it takes memory for whoever asks, and the asker waits. */
#include <pthread.h>
#include <stdlib.h>

struct job {
    size_t bytes;
    void *result;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *job;

static void *work(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (job == NULL || job->result != NULL) {
            pthread_cond_wait(&changed, &lock);
        }
        job->result = malloc(job->bytes);
        pthread_cond_broadcast(&changed);
    }
    return NULL;
}

int pool_start(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, work, NULL);
}

/* As pools do, with an allocation for the job itself, by the thread that asks. */
void *pool_take(size_t bytes)
{
    struct job *mine = calloc(1, sizeof *mine);
    mine->bytes = bytes;
    pthread_mutex_lock(&lock);
    job = mine;
    pthread_cond_broadcast(&changed);
    while (mine->result == NULL) {
        pthread_cond_wait(&changed, &lock);
    }
    job = NULL;
    pthread_mutex_unlock(&lock);
    void *result = mine->result;
    free(mine);
    return result;
}
