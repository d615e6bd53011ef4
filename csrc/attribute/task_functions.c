#include "attribute/task_functions.h"

#include <stddef.h>
#include <string.h>

#include "attribute/walker.h"
#include "state.h"

#define MOST_FUNCTIONS 32u /* a program may import several copies of a module */
#define MOST_BETWEEN (1u << 18)
static const struct task_function kinds[] = {
#define TASK_FUNCTION(file, name, qualified_name, variable, variable_name, holds) \
    {file, name, qualified_name, variable, holds},
#define BETWEEN(file)
#include "attribute/task_functions.def"
#undef TASK_FUNCTION
#undef BETWEEN
};

/* Files of functions that pass work on, inside of other work, for that work's submitter. */
static const char *const between[] = {
#define TASK_FUNCTION(file, name, qualified_name, variable, variable_name, holds)
#define BETWEEN(file) file,
#include "attribute/task_functions.def"
#undef TASK_FUNCTION
#undef BETWEEN
};

static struct {
    uint32_t numbers[MOST_FUNCTIONS];
    const struct task_function *kinds[MOST_FUNCTIONS];
    uint32_t count;
    uint8_t between[MOST_BETWEEN / 8]; /* a bit for each function's number: is it of such a file? */
    bool coroutines;                   /* an event loop without frames was imported: coroutines identify its work */
} functions;

static bool ends_with(const uint8_t *text, uint32_t bytes, const char *end)
{
    size_t length = strlen(end);
    return bytes >= length && memcmp(text + bytes - length, end, length) == 0;
}

static bool equals(const uint8_t *text, uint32_t bytes, const char *other)
{
    return bytes == strlen(other) && memcmp(text, other, bytes) == 0;
}

const struct task_function *task_function_of(uint32_t number)
{
    for (uint32_t i = 0; i < functions.count; i++) {
        if (functions.numbers[i] == number) {
            return functions.kinds[i];
        }
    }
    return NULL;
}

bool task_functions_are_around(uint32_t number)
{
    return number < MOST_BETWEEN && (functions.between[number / 8] >> number % 8 & 1u) != 0;
}

static void meet_between(uint32_t number, const uint8_t *filename, uint32_t filename_bytes)
{
    for (size_t i = 0; i < sizeof between / sizeof between[0] && number < MOST_BETWEEN; i++) {
        if (ends_with(filename, filename_bytes, between[i])) {
            functions.between[number / 8] |= (uint8_t)(1u << number % 8);
        }
    }
}

void task_functions_meet(uint32_t number, const uint8_t *filename, uint32_t filename_bytes, const uint8_t *name,
                         uint32_t name_bytes)
{
    if (task_function_of(number) != NULL) {
        return; /* seen before, as another code object with the same content */
    }
    meet_between(number, filename, filename_bytes);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *wanted = walker.layout.code_qualname != 0 ? kinds[i].qualified_name : kinds[i].name;
        if (!equals(name, name_bytes, wanted) || !ends_with(filename, filename_bytes, kinds[i].file)) {
            continue;
        }
        if (kinds[i].holds == LOOP_WITHOUT_FRAMES) {
            if (!functions.coroutines) { /* where a coroutine's frame leads to may be cached */
                functions.coroutines = true;
                __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
            }
        } else if (functions.count < MOST_FUNCTIONS) {
            functions.numbers[functions.count] = number;
            functions.kinds[functions.count] = &kinds[i];
            functions.count += 1;
        }
    }
}

bool task_functions_were_met(void)
{
    return functions.count != 0 || functions.coroutines;
}

bool task_functions_are_coroutines(void)
{
    return functions.coroutines;
}

void task_functions_end(void)
{
    functions.count = 0;
    functions.coroutines = false;
    memset(functions.between, 0, sizeof functions.between);
}
