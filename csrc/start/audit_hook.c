/* While there is a hook, the interpreter creates a tuple for every event (each call of id() is one), which takes time
 * and memory that would be counted. It offers no way to remove a hook. So the library searches for the head of its list
 * of hooks: it is the word among the interpreter's own variables which leads to the library's entry, and nothing else
 * can be mistaken for it, because the entry holds two addresses that only the library knows. If it is not found, the
 * hook stays, and does nothing. */
#include "start/audit_hook.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "interpose/real.h"
#include "platform/platform.h"

#define RUNTIME_MOST_BYTES ((size_t)1 << 20) /* where its size is not known; a third is enough */
#define PIECE_BYTES 4096u
#define NEAR ((uintptr_t)1 << 20) /* two small blocks that were allocated in succession */

/* CPython's struct of a hook, 3.8 to 3.15. Its contents show whether this is so. */
struct entry {
    struct entry *next;
    python_audit_hook *hook;
    void *data;
};

static python_audit_hook *own_hook;
static uintptr_t near_entry;
static char own_data; /* its address distinguishes the library's entry from all others */

bool audit_hook_can_be(void)
{
    return python_api.PySys_AddAuditHook != NULL;
}

bool audit_hook_add(python_audit_hook *hook)
{
    void *probe = real.malloc(sizeof(struct entry));
    near_entry = (uintptr_t)probe;
    real.free(probe);
    own_hook = hook;
    return python_api.PySys_AddAuditHook(hook, &own_data) == 0;
}

static bool is_ours(uintptr_t address, struct entry *entry)
{
    return address - (near_entry - NEAR) < 2 * NEAR && platform_safe_read(entry, address, sizeof *entry) &&
           entry->hook == own_hook && entry->data == &own_data;
}

void audit_hook_remove(void)
{
    uintptr_t runtime = (uintptr_t)platform_symbol("_PyRuntime");
    size_t bytes = platform_symbol_bytes("_PyRuntime", (const void *)runtime);
    uintptr_t end = runtime + (bytes != 0 ? bytes : RUNTIME_MOST_BYTES);
    uintptr_t found = 0;
    struct entry *next = NULL;
    uintptr_t piece[PIECE_BYTES / sizeof(uintptr_t)];
    for (uintptr_t at = runtime; runtime != 0 && at < end; at += PIECE_BYTES) {
        uintptr_t wanted = end - at < PIECE_BYTES ? end - at : PIECE_BYTES;
        if (bytes != 0) {
            memcpy(piece, (const void *)at, wanted);
        } else if (!platform_safe_read(piece, at, wanted)) {
            break;
        }
        for (uintptr_t word = 0; word < wanted / sizeof(uintptr_t); word++) {
            struct entry entry;
            if (is_ours(piece[word], &entry)) {
                if (found != 0) {
                    return; /* two words lead there: it is unknown which one is the head */
                }
                found = at + word * sizeof(uintptr_t);
                next = entry.next;
            }
        }
    }
    if (found != 0) { /* the entry itself stays: the interpreter is iterating over it */
        __atomic_store_n((struct entry **)found, next, __ATOMIC_SEQ_CST);
    }
}
