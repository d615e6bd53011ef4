/* The combined peak of several processes against a model that knows everything.
 *
 * Each process is a coroutine with a ledger of its own. At every step (step.h) a random one of them goes on, or one is
 * killed where it stands. The model copies what all of them hold whenever the shared best has risen, and keeps the most
 * that was surely held, and that may have been, at any step.
 *
 * Arguments: seed, runs, most processes, kills in 10,000 steps. Prints what was found wrong: nothing, if all is well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "ledger/ledger.h"

enum { MOST = 6, ROWS = 4, EVENTS = 30, STACK = 64 << 10, MANY_TOLD = 10 };

#define UNIT ((uint64_t)128 << 10) /* a window at a best of 1 GiB */

enum life { UNBORN, ALIVE, DONE, KILLED, BEING_ENDED, ENDED };

struct event {
    bool active, rise;
    uint32_t row;
    uint64_t bytes;
};

struct process {
    ucontext_t context;
    char *stack;
    struct ledger ledger;
    struct fil_header *header;
    enum life life;
    uint64_t rows[ROWS]; /* after the events that have returned */
    struct event now;
    uint64_t own_best, own_rows[ROWS]; /* its own peak */
};

struct copy {
    enum life life;
    uint64_t rows[ROWS];
    struct event now;
};

static struct process processes[MOST];
static struct fil_processes *shared;
static ucontext_t scheduler, ender;
static char *ender_stack;
static int count, running, wrong;
static bool ending;
static uint64_t surely, perhaps;
static struct copy copies[MOST];
static uint32_t seen_best;
static unsigned run_number;

static void say(const char *what, int process)
{
    wrong += 1;
    if (wrong <= MANY_TOLD) {
        printf("run %u: %s (process %d)\n", run_number, what, process);
    }
}

static uint64_t below(uint64_t limit)
{
    return (((uint64_t)rand() << 31) ^ (uint64_t)rand()) % limit;
}

static struct fil_nodes *next_nodes(void)
{
    return calloc(1, sizeof(struct fil_nodes));
}

static struct fil_code *next_codes(void)
{
    return NULL;
}

static void *map(size_t bytes)
{
    return calloc(1, bytes);
}

static void unmap(void *pages, size_t bytes)
{
    (void)bytes;
    free(pages);
}

static uint64_t clock_ns(void)
{
    return 1;
}

static const struct ledger_storage storage = {.map_pages = map,
                                              .unmap_pages = unmap,
                                              .next_node_segment = next_nodes,
                                              .next_code_segment = next_codes,
                                              .clock_ns = clock_ns};

static uint64_t sum_of(const uint64_t *rows)
{
    uint64_t sum = 0;
    for (int row = 0; row < ROWS; row++) {
        sum += rows[row];
    }
    return sum;
}

void combined_step(void)
{
    if (running >= 0) {
        swapcontext(&processes[running].context, &scheduler);
    } else if (ending) {
        swapcontext(&ender, &scheduler);
    }
}

/* What all hold now, in the model. */
static void observe(void)
{
    uint64_t least = 0, most = 0;
    for (int i = 0; i < count; i++) {
        const struct process *process = &processes[i];
        uint64_t total = sum_of(process->rows);
        if (process->life == ALIVE || process->life == DONE) {
            least += total - (process->now.active && !process->now.rise ? process->now.bytes : 0);
        }
        if (process->life != UNBORN && process->life != ENDED) {
            most += total + (process->now.active && process->now.rise ? process->now.bytes : 0);
        }
    }
    surely = least > surely ? least : surely;
    perhaps = most > perhaps ? most : perhaps;
    uint32_t best = (uint32_t)(shared->word >> 32);
    if (best != seen_best) {
        seen_best = best;
        for (int i = 0; i < count; i++) {
            copies[i].life = processes[i].life;
            copies[i].now = processes[i].now;
            memcpy(copies[i].rows, processes[i].rows, sizeof copies[i].rows);
        }
    }
}

static void change(struct process *process, bool rise, uint32_t row, uint64_t bytes, bool combined)
{
    process->now = (struct event){.active = true, .rise = rise, .row = row, .bytes = bytes};
    if (rise) {
        ledger_rise(&process->ledger, FIL_NODE_FIRST + row, bytes, combined);
    } else {
        ledger_fall(&process->ledger, FIL_NODE_FIRST + row, bytes, combined);
    }
    process->rows[row] += rise ? bytes : -bytes;
    process->now.active = false;
    uint64_t total = sum_of(process->rows);
    if (total > process->own_best) {
        process->own_best = total;
        memcpy(process->own_rows, process->rows, sizeof process->own_rows);
    }
    combined_step();
}

static bool see_saw; /* in this run all take and free the same large size: what is added up wrongly stays the most */

static void random_event(struct process *process, uint64_t largest, bool combined)
{
    if (see_saw && combined) {
        bool full = process->rows[1] >= 20 * UNIT;
        change(process, !full, 1, full ? process->rows[1] : 20 * UNIT, true);
        return;
    }
    uint32_t row = (uint32_t)below(ROWS);
    bool rise = below(2) == 0 || process->rows[row] == 0;
    uint64_t bytes = 1 + below(below(4) == 0 ? largest : UNIT / 8);
    if (!rise && bytes > process->rows[row]) {
        bytes = process->rows[row];
    }
    change(process, rise, row, bytes, combined);
}

static void begin(struct process *process)
{
    process->header = calloc(1, sizeof *process->header);
    memset(&process->ledger, 0, sizeof process->ledger);
    if (!ledger_init(&process->ledger, process->header, &storage)) {
        abort();
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        if (ledger_child(&process->ledger, FIL_NODE_ROOT, row + 1, 0) != FIL_NODE_FIRST + row) {
            abort();
        }
    }
    memset(process->rows, 0, sizeof process->rows);
    memset(process->own_rows, 0, sizeof process->own_rows);
    process->own_best = 0;
    process->now.active = false;
}

static void enter(struct process *process)
{
    if (!combined_enter(&process->ledger.combined, shared, process->header, (uint32_t)(process - processes) + 1,
                        clock_ns)) {
        abort();
    }
}

static void live(int number)
{
    struct process *process = &processes[number];
    if (number != 0) {
        enter(process);
        process->life = ALIVE;
        change(process, true, 0, see_saw ? 1 : 1 + below((uint64_t)200 << 20), true);
    }
    for (int event = 0; event < EVENTS; event++) {
        random_event(process, 20 * UNIT, true);
    }
    process->life = DONE;
    for (;;) {
        combined_step();
    }
}

static void end_the_killed(void)
{
    for (;;) {
        for (int i = 0; i < count; i++) {
            if (processes[i].life == KILLED && below(3) == 0) {
                processes[i].life = BEING_ENDED;
                combined_ended(shared, processes[i].header->slot - 1);
                processes[i].life = ENDED;
            }
        }
        combined_step();
    }
}

static void resume(int number)
{
    running = number;
    swapcontext(&scheduler, &processes[number].context);
    running = -1;
    observe();
}

static void start(int number)
{
    struct process *process = &processes[number];
    begin(process);
    getcontext(&process->context);
    process->context.uc_stack.ss_sp = process->stack;
    process->context.uc_stack.ss_size = STACK;
    makecontext(&process->context, (void (*)(void))live, 1, number);
}

/* The reader's rule (recording/run.py): what process `number` had of the combined peak. False: nothing. */
static bool held(int number, uint32_t best, uint64_t *rows)
{
    const struct process *process = &processes[number];
    const struct fil_header *header = process->header;
    memset(rows, 0, ROWS * sizeof *rows);
    if (process->life == UNBORN || header->slot == 0) {
        return false;
    }
    const struct fil_slot *slot = &shared->slots[header->slot - 1];
    if (slot->state == FIL_SLOT_ENDED && slot->ended_best != 0 && slot->ended_best < best) {
        return false;
    }
    bool alone = header->alone_best != 0 && header->alone_best == best;
    for (uint32_t row = 0; row < ROWS; row++) {
        const struct fil_node *node = ledger_node(&process->ledger, FIL_NODE_FIRST + row);
        const struct fil_combined *kept = callstack_table_combined(&process->ledger.callstacks, FIL_NODE_FIRST + row);
        if (alone) {
            bool settled = !header_rises(header) && node->epoch == header->epoch;
            rows[row] = settled ? node->at_peak_bytes : node->current_bytes;
        } else {
            rows[row] = kept->best == best ? kept->bytes : node->current_bytes;
        }
    }
    return true;
}

static bool is_state(const uint64_t *rows, const struct copy *copy)
{
    uint64_t after[ROWS];
    if (memcmp(rows, copy->rows, sizeof after) == 0) {
        return true;
    }
    memcpy(after, copy->rows, sizeof after);
    after[copy->now.row] += copy->now.rise ? copy->now.bytes : -copy->now.bytes;
    return copy->now.active && memcmp(rows, after, sizeof after) == 0;
}

static void check(void)
{
    uint64_t total = 0, quotas;
    uint32_t best = (uint32_t)(shared->word >> 32);
    for (int i = 0; i < count; i++) {
        uint64_t rows[ROWS];
        bool belongs = held(i, best, rows);
        total += sum_of(rows);
        bool alone = processes[0].header->alone_best == best;
        if (alone && i == 0) {
            struct copy last = {.now = processes[i].now}; /* killed in an event that may have been its own peak */
            memcpy(last.rows, processes[i].rows, sizeof last.rows);
            if (memcmp(rows, processes[i].own_rows, sizeof rows) != 0 && !(last.now.active && is_state(rows, &last))) {
                say("its own peak is not the one before there were others", i);
            }
            continue;
        }
        if (alone || copies[i].life == UNBORN) {
            if (sum_of(rows) != 0) {
                say("it did not exist then", i);
            }
        } else if (copies[i].life == ENDED) {
            if (belongs) {
                say("it had ended before", i);
            }
        } else if (!belongs) {
            if (copies[i].life != BEING_ENDED) {
                say("it was alive then", i);
            }
        } else if (!is_state(rows, &copies[i])) {
            say("the cut is not what it held then", i);
        }
    }
    quotas = shared->quotas;
    if (surely > total + quotas + 1024) {
        say("the bound does not hold", -1);
    }
    uint64_t reaches = ((uint64_t)best + 1) * 1024 + quotas / 2;
    if (surely > (reaches > total ? reaches : total)) {
        say("the bound that is told does not hold", -1);
    }
    if (total > perhaps) {
        say("more than ever was", -1);
    }
}

static void one_run(int most, uint64_t kills)
{
    memset(shared, 0, sizeof *shared);
    combined_begin(shared);
    count = 1 + (int)below((uint64_t)most);
    see_saw = below(3) == 0;
    for (int i = 0; i < MOST; i++) {
        processes[i].life = UNBORN;
    }
    surely = perhaps = seen_best = 0;
    memset(copies, 0, sizeof copies);
    struct process *root = &processes[0];
    start(0);
    change(root, true, 0, (uint64_t)700 << 20, false);
    for (int event = 0; event < EVENTS; event++) {
        random_event(root, below(2) == 0 ? 20 * UNIT : (uint64_t)500 << 20, false);
    }
    surely = perhaps = root->own_best;
    root->life = ALIVE;
    enter(root);
    observe();
    getcontext(&ender);
    ender.uc_stack.ss_sp = ender_stack;
    ender.uc_stack.ss_size = STACK;
    makecontext(&ender, end_the_killed, 0);
    for (bool over = false; !over;) {
        int chosen = (int)below((uint64_t)count + 1);
        if (chosen == count) {
            ending = true;
            swapcontext(&scheduler, &ender);
            ending = false;
            observe();
        } else if (processes[chosen].life == UNBORN) {
            if (below(20) == 0) {
                start(chosen);
                processes[chosen].life = ALIVE;
                resume(chosen);
            }
        } else if (processes[chosen].life == ALIVE) {
            for (uint64_t steps = 1 + below(below(3) == 0 ? 30 : 3); steps > 0 && processes[chosen].life == ALIVE;
                 steps--) {
                if (below(10000) < kills && processes[chosen].header->slot != 0) {
                    processes[chosen].life = KILLED;
                } else {
                    resume(chosen);
                }
            }
        }
        over = true;
        for (int i = 0; i < count; i++) {
            over = over && processes[i].life != ALIVE && processes[i].life != UNBORN;
        }
    }
    check();
    for (int i = 0; i < count; i++) {
        free(processes[i].ledger.callstacks.segments[0]);
        ledger_end(&processes[i].ledger);
        free(processes[i].header);
    }
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 5) {
        return 2;
    }
    srand((unsigned)atoi(arguments[1]));
    shared = calloc(1, sizeof *shared);
    ender_stack = malloc(STACK);
    running = -1;
    for (int i = 0; i < MOST; i++) {
        processes[i].stack = malloc(STACK);
    }
    for (run_number = 0; run_number < (unsigned)atoi(arguments[2]); run_number++) {
        one_run(atoi(arguments[3]), (uint64_t)atoi(arguments[4]));
    }
    if (wrong > MANY_TOLD) {
        printf("and %d more\n", wrong - MANY_TOLD);
    }
    return 0;
}
