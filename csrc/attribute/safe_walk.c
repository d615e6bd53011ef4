#include "attribute/safe_walk.h"

#include <stddef.h>
#include <string.h>

#include "attribute/attribute.h"
#include "attribute/code_facts.h"
#include "attribute/walker.h"
#include "platform/platform.h"

#define MOST_FRAMES 10000u /* a wrong layout may lead in circles */

/* A safe read is a system call, and a stack needs some twenty small ones per frame. So memory is read in windows, which
 * are kept for one walk. A window is in one page: if a byte of it is readable, all of it is. */
#define WINDOW_BYTES 512u
#define WINDOWS 8u
#define NO_WINDOW 1u /* a start that no window has */

struct window {
    uintptr_t start;
    uint8_t bytes[WINDOW_BYTES];
};

struct windows {
    struct window at[WINDOWS];
};

static void forget_all(struct windows *windows)
{
    for (uint32_t i = 0; i < WINDOWS; i++) {
        windows->at[i].start = NO_WINDOW;
    }
}

/* A memory_reader; its context is a struct windows. */
static bool read_by_windows(void *context, void *into, uintptr_t address, size_t bytes)
{
    struct windows *windows = context;
    for (size_t done = 0; done < bytes;) {
        uintptr_t at = address + done;
        uintptr_t offset = at % WINDOW_BYTES;
        struct window *window = &windows->at[at / WINDOW_BYTES % WINDOWS];
        if (window->start != at - offset) {
            window->start = NO_WINDOW;
            if (!platform_safe_read(window->bytes, at - offset, WINDOW_BYTES)) {
                return false;
            }
            window->start = at - offset;
        }
        size_t now = bytes - done < WINDOW_BYTES - offset ? bytes - done : WINDOW_BYTES - offset;
        memcpy((uint8_t *)into + done, window->bytes + offset, now);
        done += now;
    }
    return true;
}

static bool read_address(struct windows *windows, uintptr_t at, uintptr_t *value)
{
    return read_by_windows(windows, value, at, sizeof *value);
}

static bool read_innermost(struct windows *windows, uintptr_t thread_state, uintptr_t *frame)
{
    uintptr_t holder = thread_state;
    if (walker.layout.state_cframe != 0 && !read_address(windows, thread_state + walker.layout.state_cframe, &holder)) {
        return false;
    }
    return read_address(windows, holder + walker.layout.state_frame, frame);
}

void safe_walk_check_chunk(uintptr_t thread_state)
{
    struct fil_layout *layout = &walker.layout;
    uintptr_t chunk = 0;
    uintptr_t size = 0;
    uintptr_t before = 0;
    uintptr_t frame = 0;
    struct windows windows;
    forget_all(&windows);
    if (layout->state_chunk != 0 && !(read_address(&windows, thread_state + layout->state_chunk, &chunk) &&
                                      read_address(&windows, chunk + layout->chunk_size, &size) &&
                                      read_address(&windows, chunk + layout->chunk_previous, &before) &&
                                      read_innermost(&windows, thread_state, &frame) &&
                                      size % platform_page_bytes() == 0 && frame - chunk < size)) {
        layout->state_chunk = 0;
    }
}

/* Fills in `facts` for a frame that the interpreter shows; for another one `*shown` is false. */
static bool observe_frame(struct windows *windows, uintptr_t frame, struct text_buffer *buffer,
                          struct fil_observed_frame *facts, bool *shown)
{
    const struct fil_layout *layout = &walker.layout;
    uint8_t owner = 0;
    if (layout->frame_owner != 0 && !read_by_windows(windows, &owner, frame + layout->frame_owner, sizeof owner)) {
        return false;
    }
    *shown = layout->frame_owner == 0 || owner < layout->shim_owner;
    if (!*shown) {
        return true;
    }
    uintptr_t code;
    uintptr_t instruction = 0;
    size_t width = layout->form == INSTRUCTION_POINTER ? sizeof(uintptr_t) : sizeof(int32_t);
    if (!read_address(windows, frame + layout->frame_code, &code) ||
        !read_by_windows(windows, &instruction, frame + layout->frame_instruction, width)) {
        return false;
    }
    code = untagged(code);
    facts->offset = code_offset(layout, code, instruction);
    uintptr_t first_local = 0;
    if (layout->frame_locals != 0 && !read_address(windows, frame + layout->frame_locals, &first_local)) {
        return false;
    }
    facts->first_local = untagged(first_local);
    struct memory memory = {.read = read_by_windows, .context = windows};
    bool read = code_facts_read(layout, &memory, code, buffer, facts);
    *shown =
        layout->code_first_traceable == 0 || !is_incomplete(layout, owner, instruction, code, facts->first_traceable);
    return read;
}

int32_t attribute_observe(struct fil_observed_frame *frames, uint32_t capacity, uint8_t *text, uint32_t text_capacity)
{
    if (!walker.selected) {
        return FIL_ERROR_UNKNOWN_LAYOUT;
    }
    uintptr_t frame = 0;
    struct windows windows;
    forget_all(&windows);
    if (!read_innermost(&windows, (uintptr_t)walker.thread_state(), &frame)) {
        return FIL_ERROR_UNREADABLE_STACK;
    }
    struct text_buffer buffer = {.bytes = text, .capacity = text_capacity, .used = 0, .lacks = false};
    uint32_t count = 0;
    for (uint32_t met = 0; frame != 0 && count < capacity && met < MOST_FRAMES; met++) {
        bool shown = true;
        if (!observe_frame(&windows, frame, &buffer, &frames[count], &shown) ||
            !read_address(&windows, frame + walker.layout.frame_previous, &frame)) {
            return FIL_ERROR_UNREADABLE_STACK;
        }
        count += shown ? 1 : 0;
    }
    return (int32_t)count;
}
