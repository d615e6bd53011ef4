/* From the library's load to the program's end: the one file that sees every stage. */
#include <stddef.h>

#include "attribute/attribute.h"
#include "attribute/code_registry.h"
#include "attribute/libraries.h"
#include "attribute/python_api.h"
#include "attribute/python_end.h"
#include "children/children.h"
#include "fil_abi.h"
#include "interpose/bus_errors.h"
#include "interpose/mmap_hooks.h"
#include "interpose/process_hooks.h"
#include "interpose/python_hooks.h"
#include "interpose/python_objects.h"
#include "interpose/real.h"
#include "interpose/several.h"
#include "origin.h"
#include "platform/platform.h"
#include "recording/recording.h"
#include "rss_sample.h"
#include "sampling.h"
#include "state.h"

static int last_error;
static int report_signal;
static uint32_t loaded_in; /* in which process */
static uint32_t supervisor_pid;

/* Near a memory limit every event may ask for pages: back off for one tick of the coarse clock, some milliseconds,
 * after a refusal. */
static void *map_unless_refused(size_t bytes, void *(*map)(size_t bytes))
{
    static uint64_t refused_at;
    if (refused_at != 0 && platform_coarse_clock_ns() == refused_at) {
        return NULL;
    }
    void *pages = map(bytes);
    refused_at = pages == NULL ? platform_coarse_clock_ns() : 0;
    return pages;
}

static void *map_pages(size_t bytes)
{
    return map_unless_refused(bytes, platform_map_pages);
}

static void *map_table(size_t bytes)
{
    return map_unless_refused(bytes, platform_map_wiped_on_fork);
}

static const struct ledger_storage storage = {
    .map_pages = map_pages,
    .unmap_pages = platform_unmap_pages,
    .map_table = map_table,
    .empty_pages = platform_empty_pages,
    .next_node_segment = recording_next_nodes,
    .next_code_segment = recording_next_codes,
    .files_segment = recording_files,
    .large_segment = recording_large,
    .next_text_segment = recording_next_text,
    .keep_snapshot = recording_keep_snapshot,
    .clock_ns = platform_coarse_clock_ns,
};

static void begin_in_fork(void)
{
    (void)fil_fork_child();
}

__attribute__((constructor)) static void loaded(void)
{
    real_resolve();
    if (platform_is_privileged()) {
        real_settle(false);
        return; /* a privileged process must not be steered by its parent: the hooks pass calls on, and nothing will
                 * start */
    }
    const char *library = platform_loaded((const void *)&state);
    if (library != NULL) {
        children_loaded(platform_environment(), library);
    }
    bool only_followed = children_on() && !python_api_is_program() && !children_is_the_program();
    real_settle(!only_followed);
    loaded_in = platform_pid();
    if (library != NULL) {
        if (!only_followed) { /* others hand on what they were given */
            children_leave(platform_environment());
            platform_leave_preload_list(library);
        }
    }
    state.ledger.storage = storage; /* threads are distinguished before tracking begins */
    process_hooks_install();
    if (children_on()) {
        process_hooks_on_fork(begin_in_fork);
    }
}

static void pass_on_report_signal(int signal)
{
    platform_signal_parent(signal, state.pid, supervisor_pid);
}

uint32_t fil_abi_version(void)
{
    return FIL_ABI_VERSION;
}

int32_t fil_preloaded(void)
{
    if (platform_is_privileged()) {
        return FIL_ERROR_NOT_PRELOADED;
    }
    if (!mmap_hooks_are_called()) {
        return FIL_ERROR_NOT_PRELOADED;
    }
    if (platform_pid() != loaded_in) {
        return FIL_ERROR_CHILD;
    }
    return state.tracking ? FIL_ERROR_STARTED : FIL_OK;
}

int32_t fil_select_layout(uint32_t python_version, uint32_t free_threaded)
{
    return attribute_select_layout(python_version, free_threaded);
}

int32_t fil_use_layout(uint32_t python_version, const struct fil_layout *layout)
{
    return attribute_use_layout(python_version, layout);
}

int32_t fil_use_profile_function(uint32_t python_version, uint32_t pin_code)
{
    return attribute_use_profile_function(python_version, pin_code != 0);
}

uint64_t fil_thread_starter(void)
{
    return (uint64_t)(uintptr_t)attribute_thread_starter();
}

int32_t fil_read_memory(uint64_t address, uint8_t *into, uint32_t bytes)
{
    return platform_safe_read(into, (uintptr_t)address, bytes) ? FIL_OK : FIL_ERROR_UNREADABLE_STACK;
}

int32_t fil_observe_stack(struct fil_observed_frame *frames, uint32_t capacity, uint8_t *text, uint32_t text_capacity)
{
    return attribute_observe(frames, capacity, text, text_capacity);
}

void fil_accept_layout(void)
{
    attribute_accept_layout();
}

int32_t fil_follow_objects(const struct fil_objects *objects)
{
    return python_objects_use(objects);
}

/* If another malloc than the hooked one is called too, or by other functions, record that. */
static void note_unseen_malloc(void)
{
    const void *code;
    bool unseen = !real_sees_every_block(&code);
    bool locked = state_enter();
    if (unseen) {
        ledger_missed(&state.ledger, FIL_MISSED_MALLOC);
        state.ledger.header->malloc_path = libraries_path(code);
    } else {
        real_note_called_past();
    }
    state_leave(locked);
}

/* Another process may have overwritten the recording. */
static void note_damage(void)
{
    bool locked = state_enter();
    bool intact = recording_is_intact() && state.ledger.header->stacks == (uint32_t)attribute_stacks();
    if (state.tracking && !(intact && ledger_is_intact(&state.ledger))) {
        ledger_missed(&state.ledger, FIL_MISSED_DAMAGE);
    }
    state_leave(locked);
}

/* The recording and an empty ledger, in one event: a thread in the middle of an event sees all of it or nothing. */
static enum fil_status open_ledger(const char *path)
{
    struct fil_header *header = recording_open(path, attribute_python_version(), &last_error);
    if (header == NULL) {
        return FIL_ERROR_RECORDING;
    }
    if (!ledger_init(&state.ledger, header, &storage)) {
        last_error = recording_last_error();
        ledger_end(&state.ledger);
        recording_close();
        return FIL_ERROR_RECORDING;
    }
    state.ledger.threads = recording_threads();
    header->stacks = attribute_stacks();
    return FIL_OK;
}

/* In a signal handler, perhaps in the middle of an event, which continues in private memory. */
static bool mend_recording(uintptr_t address)
{
    if (platform_pid() == loaded_in && several_mend(address)) {
        return true;
    }
    if (platform_pid() != loaded_in || !recording_mend(address)) {
        return false;
    }
    state.cut = state.cut || state.tracking;
    state.tracking = false;
    return true;
}

static void close_ledger(enum fil_state how)
{
    sampling_end(); /* outside the lock, which it may wait for */
    bool locked = state_enter();
    state.tracking = false;
    state.cut = false;
    recording_set_state(how);
    attribute_end();
    libraries_end();
    ledger_end(&state.ledger);
    recording_close();
    state_leave(locked);
}

/* Does the call stack of the last failed request end in the function `code`, or go through it at `offset`? If there is
 * no memory, tracebacks lack their inner ends. The time since the request proves nothing: on a busy machine it may be
 * long. */
static bool asked_in_vain(uintptr_t code, long offset)
{
    bool locked = state_enter();
    uint32_t last = ledger_failed_node(&state.ledger);
    uint32_t number = code_registry_find(code);
    bool found = last == FIL_NODE_LOST;
    for (uint32_t node = last; number != 0 && !found && node > FIL_NODE_LOST;) {
        const struct fil_node *frame = ledger_node(&state.ledger, node);
        bool same = frame->code == number || (frame->code == 0 && number == CODE_OF_IMPORTS);
        found = same && (node == last || frame->offset == offset);
        node = frame->parent;
    }
    state_leave(locked);
    return found;
}

/* The program has ended, and interpreter shutdown has begun. */
static void end_begins(void)
{
    attribute_finalizing();
    if (state.tracking) {
        rss_sample_take(FIL_RSS_SAMPLE_END);
        note_damage();
        state.ledger.header->uncaught_memory_error = 0; /* no other process may set this: the exit status depends on
                                                         * it */
        if (python_end_by_memory_error()) {
            bool by_request = state.ledger.header->failed_requests != 0 && python_end_raised_at(asked_in_vain);
            bool locked = state_enter();
            ledger_program_failed(&state.ledger, by_request);
            state_leave(locked);
        }
    }
}

static int32_t start(const char *path, int32_t wanted_report_signal, bool forked)
{
    if (platform_is_privileged()) {
        return FIL_ERROR_NOT_PRELOADED;
    }
    if (!attribute_accepted()) {
        return FIL_ERROR_NOT_PROVED;
    }
    if (state.tracking || state.cut || (state.session != 0 && !attribute_may_begin_again())) {
        return FIL_ERROR_STARTED;
    }
    bool locked = state_enter();
    enum fil_status status = open_ledger(path);
    state_leave(locked);
    if (status != FIL_OK) {
        return status;
    }
    status = python_hooks_install();
    if (status != FIL_OK) {
        close_ledger(FIL_STATE_CREATED);
        return status;
    }
    note_unseen_malloc();
    if (wanted_report_signal == FIL_NO_SIGNAL) {
        origin_record(state.ledger.header, path, forked);
    }
    state.pid = platform_pid();
    supervisor_pid = platform_parent_pid();
    report_signal = wanted_report_signal;
    if (report_signal > 0) {
        platform_handle_signal(report_signal, pass_on_report_signal);
    }
    bus_errors_guard(mend_recording);
    platform_learn_devices();
    rss_sample_take(FIL_RSS_SAMPLE_START);
    attribute_begin(end_begins);
    platform_wipe_on_fork(&state, STATE_HEAD_BYTES);
    /* The first time, the threads of the layout's verification have just ended. */
    bool threads = (state.session != 0 && state.threads) || !platform_is_single_threaded();
    if (report_signal == 0) {
        sampling_begin(real.pthread_create, rss_sample_take_peak);
    }
    locked = state_enter();
    state.session += 1;
    __atomic_fetch_add(&state.generation, 1, __ATOMIC_RELEASE);
    recording_set_state(FIL_STATE_TRACKING);
    state.threads = state.several = threads;
    state.tracking = true;
    state_leave(locked);
    if (wanted_report_signal == FIL_NO_SIGNAL) {
        several_begin();
    }
    python_objects_follow();
    return FIL_OK;
}

int32_t fil_start(const char *path, int32_t wanted_report_signal)
{
    return start(path, wanted_report_signal, false);
}

int32_t fil_records_children(void)
{
    return children_on();
}

int32_t fil_fork_child(void)
{
    static char path[CHILDREN_PATH_BYTES]; /* the recording is opened by it again */
    uint32_t session;
    uint32_t generation;
    if (!children_on() || !process_hooks_forked(&session, &generation)) {
        return FIL_OK;
    }
    python_objects_leave();
    state.session = session; /* of what the parent began: it is over here */
    state.generation = generation + 1;
    attribute_end();
    libraries_end();
    ledger_end(&state.ledger);
    recording_close(); /* unmapped only: it is the parent's */
    children_forked();
    several_forked();
    loaded_in = platform_pid();
    if (!platform_make_recording(children_folder(), FIL_FIRST_BYTES, path, sizeof path)) {
        return FIL_ERROR_RECORDING;
    }
    return start(path, FIL_NO_SIGNAL, true);
}

void fil_process_ended(uint64_t processes, uint32_t slot)
{
    combined_ended((struct fil_processes *)(uintptr_t)processes, slot);
}

void fil_stop(void)
{
    if (state.tracking || state.cut) {
        rss_sample_take(FIL_RSS_SAMPLE_END);
        note_damage();
        python_objects_leave();
        close_ledger(FIL_STATE_STOPPED);
        python_hooks_remove();
        attribute_leave();
    }
}

void fil_base_frame(uint64_t code)
{
    if (code == 0 || (state.tracking && !state.finalizing)) {
        attribute_base((uintptr_t)code);
    }
}

int32_t fil_current_callstack(struct fil_observed_frame *frames, uint32_t capacity)
{
    return state.tracking ? attribute_current(frames, capacity) : FIL_ERROR_NOT_PROVED;
}

int32_t fil_last_errno(void)
{
    return last_error;
}
