/* The interpreter's pending calls: no Python function of ours runs, so nothing of it shows in a traceback, and no signal's
 * handler runs inside. */
#include "attribute/python_calls.h"

#include <stdbool.h>
#include <stddef.h>

#include "attribute/python_api.h"
#include "ledger/ledger.h"
#include "state.h"

/* The interpreter keeps small numbers in stock, and from 3.14 on also the memory of those that have one digit: only a large
 * number is a block of its own, which tells who took it (handover.c). */
#define FIRST_JOB (1LL << 62)
#define MOST_TRIES 20000u /* for a thread that has been started and does not run yet */
#define QUICK_TRIES 64u    /* of which only one looks, unless a further thread has asked for memory */

static struct {
    bool prepared;
    bool requested; /* and not done yet */
    bool jobs_done;
    uint32_t tries;
    uint32_t begun; /* threads that had asked for memory when the last one looked */
} calls;

void python_calls_prepare(void)
{
    calls.prepared = python_api_find() && python_api.Py_AddPendingCall != NULL;
}

static void release(void *object)
{
    if (object != NULL) {
        python_api.Py_DecRef(object);
    }
}

/* A new reference; NULL, and no error, if there is none. */
static void *attribute(void *object, const char *name)
{
    void *found = object == NULL ? NULL : python_api.PyObject_GetAttrString(object, name);
    if (found == NULL) {
        python_api.PyErr_Clear();
    }
    return found;
}

/* Let multiprocessing.pool number its jobs from FIRST_JOB on. */
static void renumber_jobs(void *modules)
{
    void *pool = python_api.PyDict_GetItemString(modules, "multiprocessing.pool");
    void *counter = attribute(pool, "job_counter");
    void *type = attribute(counter, "__class__");
    void *expected = attribute(python_api.PyDict_GetItemString(modules, "itertools"), "count");
    if (type != NULL && type == expected) {
        void *first = python_api.PyLong_FromLongLong(FIRST_JOB);
        void *replacement = first == NULL ? NULL : python_api.PyObject_CallFunctionObjArgs(type, first, NULL);
        if (replacement == NULL || python_api.PyObject_SetAttrString(pool, "job_counter", replacement) != 0) {
            python_api.PyErr_Clear();
        }
        release(replacement);
        release(first);
        calls.jobs_done = true;
    }
    release(expected);
    release(type);
    release(counter);
}

/* Returns false if the thread does not run yet. */
static bool keep_name(void *thread)
{
    void *identity = attribute(thread, "_ident");
    void *name = attribute(thread, "_name");
    void *bytes = name == NULL ? NULL : python_api.PyUnicode_AsEncodedString(name, "utf-8", "replace");
    char *content;
    intptr_t size;
    bool runs = identity != python_api.none;
    if (identity != NULL && runs && bytes != NULL &&
        python_api.PyBytes_AsStringAndSize(bytes, &content, &size) == 0) {
        uint64_t number = python_api.PyLong_AsUnsignedLong(identity);
        bool locked = state_enter();
        ledger_thread_name(&state.ledger, number, content, (uint32_t)size);
        state_leave(locked);
    }
    python_api.PyErr_Clear();
    release(bytes);
    release(name);
    release(identity);
    return runs;
}

/* Returns false if one of the threads in this dictionary of the threading module does not run yet. */
static bool keep_names(void *modules, const char *dictionary)
{
    bool complete = true;
    void *found = attribute(python_api.PyDict_GetItemString(modules, "threading"), dictionary);
    void *threads = found == NULL ? NULL : python_api.PyDict_Values(found);
    intptr_t count = threads == NULL ? 0 : python_api.PyList_Size(threads);
    for (intptr_t at = 0; at < count; at++) {
        complete &= keep_name(python_api.PyList_GetItem(threads, at));
    }
    python_api.PyErr_Clear();
    release(threads);
    release(found);
    return complete;
}

/* Returns false if it should be done again soon. */
static bool look(void)
{
    void *type;
    void *value;
    void *traceback;
    python_api.PyErr_Fetch(&type, &value, &traceback);
    void *modules = python_api.PyImport_GetModuleDict();
    if (!calls.jobs_done) {
        renumber_jobs(modules);
    }
    bool complete = keep_names(modules, "_limbo");
    complete &= keep_names(modules, "_active");
    python_api.PyErr_Restore(type, value, traceback);
    return complete;
}

static int called(void *unused);

static void request(void)
{
    if (!__atomic_exchange_n(&calls.requested, true, __ATOMIC_ACQ_REL) &&
        python_api.Py_AddPendingCall(called, NULL) != 0) {
        __atomic_store_n(&calls.requested, false, __ATOMIC_RELEASE);
    }
}

static int called(void *unused)
{
    (void)unused;
    __atomic_store_n(&calls.requested, false, __ATOMIC_RELEASE);
    if (!state.tracking || state.ledger.threads == NULL) {
        return 0;
    }
    uint32_t begun = state.ledger.threads->begun;
    bool looks = calls.tries % QUICK_TRIES == 0 || begun != calls.begun;
    calls.begun = begun;
    calls.tries += 1;
    if ((!looks || !look()) && calls.tries < MOST_TRIES) {
        request();
    }
    return 0;
}

void python_calls_request(void)
{
    if (calls.prepared) {
        calls.tries = 0;
        request();
    }
}
