/* filters_driver COUNT SEED: the kernel against our reading of its filters of system calls. Random filters are
 * installed in a process each, where they answer a call of getppid with an errno that is what they have calculated. */
#include "platform/linux_call.c"
#include "platform/linux_sandbox.c"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MOST_STEPS 128
#define CELLS 16
#define REFUSED 0x00050000u /* with the errno in the lowest bits */
#define ERRNO_BITS 0xfffu
#define NOT_INSTALLED 0xffffffffu

void *platform_mmap(void *address, size_t bytes, int protection, int flags, int descriptor, int64_t offset)
{
    return mmap(address, bytes, protection, flags, descriptor, offset);
}

bool system_status(int descriptor, struct stat *status)
{
    return fstat(descriptor, status) == 0;
}

void system_close(int descriptor)
{
    (void)close(descriptor);
}

static uint64_t state_of_chance;

static uint32_t chance(uint32_t below)
{
    state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_chance >> 33) % below;
}

static uint32_t constant(void)
{
    static const uint32_t some[] = {0, 1, 2, 31, 32, 255, 0x7fffffff, 0x80000000, 0xffffffff};
    return chance(2) == 0 ? some[chance(9)] : chance(0x7fffffff) * 3;
}

static uint32_t word_of_call(void)
{
    uint32_t at = chance(14); /* not that of the instruction's address */
    return at < 2 ? at * 4 : 16 + (at - 2) * 4;
}

static struct step some_step(uint32_t behind)
{
    static const uint16_t operations[] = {0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0xa0};
    static const uint16_t comparisons[] = {0x10, 0x20, 0x30, 0x40};
    uint32_t most = behind < 6 ? behind : 6;
    switch (chance(10)) {
    case 0:
    case 1:
        return (struct step){0x20, 0, 0, word_of_call()};
    case 2: {
        static const uint16_t loads[] = {0x00, 0x01, 0x60, 0x61, 0x80, 0x81};
        uint16_t code = loads[chance(6)];
        return (struct step){code, 0, 0, (code & 0xe0) == 0x60 ? chance(CELLS) : constant()};
    }
    case 3:
        return (struct step){(uint16_t)(2 + chance(2)), 0, 0, chance(CELLS)};
    case 4:
        return (struct step){(uint16_t)(chance(2) == 0 ? 0x07 : 0x87), 0, 0, 0};
    case 5:
        return (struct step){(uint16_t)(comparisons[chance(4)] | 5 | chance(2) << 3), (uint8_t)chance(most + 1),
                             (uint8_t)chance(most + 1), constant()};
    case 6:
        return (struct step){0x05, 0, 0, chance(most + 1)};
    default: {
        uint16_t operation = operations[chance(10)];
        uint32_t value = constant();
        if (operation == 0x60 || operation == 0x70) {
            value %= 32; /* more the kernel refuses, as it does a division by 0 */
        } else if (operation == 0x30 && value == 0) {
            value = 7;
        }
        return (struct step){(uint16_t)(operation | 4 | (operation == 0x80 ? 0 : chance(2) << 3)), 0, 0, value};
    }
    }
}

static uint16_t some_filter(struct step *steps)
{
    uint16_t count = 0;
    steps[count++] = (struct step){0x20, 0, 0, 0};
    steps[count++] = (struct step){0x15, 1, 0, SYS_getppid};
    steps[count++] = (struct step){0x06, 0, 0, ANSWER_ALLOW};
    for (uint32_t cell = 0; cell < CELLS; cell++) { /* what was not written may not be read */
        steps[count++] = (struct step){0x00, 0, 0, constant()};
        steps[count++] = (struct step){0x02, 0, 0, cell};
    }
    for (uint32_t left = 10 + chance(50); left > 0; left--) {
        steps[count++] = some_step(left - 1);
    }
    steps[count++] = (struct step){0x54, 0, 0, ERRNO_BITS};
    steps[count++] = (struct step){0x44, 0, 0, REFUSED};
    steps[count++] = (struct step){0x16, 0, 0, 0};
    return count;
}

/* What the kernel makes of it: the answer, 0 if the process was killed. */
static uint32_t kernel_answer(const struct filter *filter, const uint64_t *arguments)
{
    int ends[2];
    uint32_t found = 0;
    if (pipe(ends) != 0) {
        return NOT_INSTALLED;
    }
    pid_t child = fork();
    if (child == 0) {
        found = NOT_INSTALLED;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(SET_SECCOMP, MODE_FILTER, filter, 0, 0) == 0) {
            long status = syscall(SYS_getppid, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                                  arguments[5]);
            found = REFUSED | (status == 0 ? 0 : (uint32_t)errno);
        }
        (void)!write(ends[1], &found, sizeof found);
        _exit(0);
    }
    (void)close(ends[1]);
    found = read(ends[0], &found, sizeof found) == sizeof found ? found : 0;
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    return found;
}

int main(int count, char **words)
{
    long rounds = count == 3 ? atol(words[1]) : 0;
    state_of_chance = count == 3 ? strtoull(words[2], NULL, 10) : 0;
    long killed = 0;
    for (long round = 0; round < rounds; round++) {
        struct step steps[MOST_STEPS];
        struct filter filter = {.count = some_filter(steps), .steps = steps};
        struct call call = {.number = SYS_getppid, .architecture = ARCHITECTURE};
        for (int i = 0; i < 6; i++) {
            call.arguments[i] = (uint64_t)constant() << 32 | constant();
        }
        uint32_t expected = kernel_answer(&filter, call.arguments);
        uint32_t ours = answer(&filter, &call);
        if (expected == NOT_INSTALLED || expected != ours) {
            printf("filter %ld of seed %s: the kernel says %x, we say %x\n", round, words[2], expected, ours);
            for (uint16_t i = 0; i < filter.count; i++) {
                printf("%3u: %02x %3u %3u %08x\n", i, steps[i].code, steps[i].if_true, steps[i].if_false,
                       steps[i].value);
            }
            return 1;
        }
        killed += ours == 0;
    }
    printf("%ld filters, %ld of them kill\n", rounds, killed);
    return rounds == 0 || killed == rounds;
}
