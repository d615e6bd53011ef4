/* No code of filprofiler runs in a Python frame below the program's: the interpreter sees the command line that it
 * would have without the profiler, starts by itself, and reports when it is about to run the program. Then a few files
 * of filprofiler run, and are gone before the program's first instruction.
 *
 * From CPython 3.8 on an audit hook detects the moment, before it two hooks that are as public (first_request.c). If
 * neither is available, the command line stays unchanged, and bootstrap.py runs as a program that runs the program. */
#include "start/moment.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "attribute/python_api.h"
#include "children/children.h"
#include "children/chosen.h"
#include "fil_abi.h"
#include "fil_format.h"
#include "platform/platform.h"
#include "start/audit_hook.h"
#include "start/bootstrap_code.h"
#include "start/first_request.h"
#include "start/native.h"
#include "start/proof.h"
#include "start/own_words.h"

#define LIBRARY_NAME "filprofiler/_lib/libfil.so"
#define NO_SIGNAL "-1"            /* FIL_NO_SIGNAL */
#define CANNOT_PROFILE 3          /* exit_statuses.CANNOT_PROFILE */
#define RUN_EVENTS "cpython.run_" /* run_command, run_module, run_file */

static struct {
    struct own_words words;
    bool come;
    bool is_child; /* of a program that is recorded, started by its own command line */
    char bootstrap[CHILDREN_PATH_BYTES];
    char recording[CHILDREN_PATH_BYTES];
} moment;

/* Has Ctrl-C come while the interpreter still raises an exception for it? */
static bool is_interrupted(void)
{
    void *const *interrupt = platform_symbol("PyExc_KeyboardInterrupt");
    return interrupt != NULL && python_api.PyErr_Occurred() == *interrupt;
}

/* A child runs without us then. */
static void refuse(void)
{
    bool interrupted = is_interrupted();
    if (moment.is_child) {
        python_api.PyErr_Clear();
        if (interrupted) {
            python_api.PyErr_SetInterrupt(); /* the program gets it in its first line */
        }
        return;
    }
    if (interrupted) {
        platform_end_by(SIGINT);
    }
    platform_say("=fil-profile= Cannot profile: the interpreter cannot run " BOOTSTRAP_NAME ".\n");
    _exit(CANNOT_PROFILE);
}

/* Takes a new reference to the value, and releases the given one. */
static bool name(void *names, const char *key, void *value)
{
    bool done = value != NULL && python_api.PyDict_SetItemString(names, key, value) == 0;
    if (value != NULL) {
        python_api.Py_DecRef(value);
    }
    return done;
}

static bool name_text(void *names, const char *key, const char *text)
{
    return name(names, key, python_api.PyUnicode_DecodeFSDefault(text));
}

/* Classes refer to themselves, and the program would find them until the interpreter's next garbage collection. All
 * those of filprofiler are in the youngest generation, because nothing was collected while bootstrap.py ran. */
static void collect_youngest(void *collect)
{
    void *generation = python_api.PyLong_FromLongLong(0);
    void *found = generation == NULL ? NULL : python_api.PyObject_CallFunctionObjArgs(collect, generation, NULL);
    python_api.PyErr_Clear();
    if (found != NULL) {
        python_api.Py_DecRef(found);
    }
    if (generation != NULL) {
        python_api.Py_DecRef(generation);
    }
}

/* A child whose interpreter another process has proved needs no Python code to begin: see in_process/start.py, which
 * does the same and more. False if that is not so. */
static bool begin_by_proof(void)
{
    if (fil_preloaded() != FIL_OK || !proof_use()) {
        return false;
    }
    if (strcmp(moment.words.mode, "module") == 0) {
        void *runpy = python_api.PyImport_ImportModule("runpy"); /* if it fails, it will fail again */
        if (runpy != NULL) {
            python_api.Py_DecRef(runpy);
        }
        python_api.PyErr_Clear();
    }
    if (fil_start(moment.recording, FIL_NO_SIGNAL) == FIL_OK) {
        (void)native_follow_forks();
    }
    return true;
}

/* Run bootstrap.py. There is no Python frame, before or after. */
static void come(void)
{
    if (moment.is_child &&
        !platform_make_recording(children_folder(), FIL_FIRST_BYTES, moment.recording, CHILDREN_PATH_BYTES)) {
        return;
    }
    if (moment.is_child && begin_by_proof()) {
        return;
    }
    void *names = python_api.PyDict_New();
    void *builtins = python_api.PyEval_GetBuiltins();
    bool cached = false;
    void *code = bootstrap_code(&cached);
    if (names == NULL || builtins == NULL || code == NULL) {
        refuse();
        return;
    }
    python_api.Py_IncRef(builtins);
    bool named = name(names, "__builtins__", builtins) && name(names, "native", native_functions()) &&
                 name(names, "cached", python_api.PyLong_FromLongLong(cached)) &&
                 name_text(names, "__name__", "filprofiler.in_process.bootstrap") &&
                 name_text(names, "__file__", moment.words.bootstrap) &&
                 name_text(names, "recording", moment.words.recording) &&
                 name_text(names, "report_signal", moment.words.report_signal) &&
                 name_text(names, "mode", moment.words.mode) && name_text(names, "target", moment.words.target);
    void *result = named ? python_api.PyEval_EvalCode(code, names, names) : NULL;
    if (result == NULL) {
        refuse();
        return;
    }
    void *collect = python_api.PyDict_GetItemString(names, "collect");
    python_api.Py_IncRef(collect); /* never released: -v would report the end of its module */
    python_api.Py_DecRef(result);
    python_api.Py_DecRef(code);
    python_api.PyDict_Clear(names); /* functions refer to it */
    python_api.Py_DecRef(names);
    collect_youngest(collect);
}

static int on_audit(const char *event, void *arguments, void *data)
{
    (void)arguments;
    (void)data;
    if (!moment.come && strncmp(event, RUN_EVENTS, sizeof RUN_EVENTS - 1) == 0) {
        moment.come = true;
        if (moment.is_child) {
            moment.words.mode = event + sizeof RUN_EVENTS - 1; /* "module", "command", "file" or another */
        }
        audit_hook_remove();
        come();
    }
    return 0;
}

/* The file beside our library. False if the library lies elsewhere than in the package. */
static bool find_bootstrap(void)
{
    const char *library = children_library();
    size_t length = strlen(library);
    size_t end = sizeof LIBRARY_NAME - 1;
    if (length < end || strcmp(library + length - end, LIBRARY_NAME) != 0) {
        return false;
    }
    memcpy(moment.bootstrap, library, length - end);
    strcpy(moment.bootstrap + length - end, BOOTSTRAP_NAME);
    return true;
}

int moment_await(int count, char **words)
{
    moment.words = own_words_find(count, words);
    moment.is_child = moment.words.bootstrap == NULL && children_on() && python_api_is_program() &&
                      chosen_to_be_recorded() && find_bootstrap();
    if (moment.is_child) {
        moment.words = (struct own_words){.bootstrap = moment.bootstrap,
                                          .recording = moment.recording,
                                          .report_signal = NO_SIGNAL,
                                          .mode = "",
                                          .target = ""};
    }
    if (moment.words.bootstrap == NULL || !python_api_find() || !bootstrap_code_find(moment.words.bootstrap)) {
        return count;
    }
    bool awaited = audit_hook_can_be() ? audit_hook_add(on_audit) : first_request_await(come);
    return awaited && !moment.is_child ? own_words_take_out(count, words) : count;
}
