/* While there is a hook, the interpreter makes a tuple for every event (each call of id() is one), which takes time and
 * memory that would be counted. It offers no way to take a hook out. So the head of its list of hooks is looked for: it
 * is that word of the interpreter's own variables which leads to our entry, and nothing else can be taken for it,
 * because the entry holds two addresses that are known to us alone. If it is not found, the hook stays, and does
 * nothing. */
#include "start/audit_hook.h"

#include <stddef.h>
#include <stdint.h>

#include "interpose/real.h"
#include "platform/platform.h"

#define RUNTIME_MOST_BYTES ((uintptr_t)1 << 20) /* it takes a third of that in CPython 3.14 */
#define PIECE_BYTES 4096u
#define NEAR ((uintptr_t)1 << 20) /* two small blocks that were taken one after the other */

/* As CPython keeps a hook, 3.8 to 3.15. Whether it does is seen by what stands there. */
struct entry {
    struct entry *next;
    python_audit_hook *hook;
    void *data;
};

static python_audit_hook *own_hook;
static uintptr_t near_entry;
static char own_data; /* its address tells our entry from all others */

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
    uintptr_t found = 0;
    struct entry *next = NULL;
    uintptr_t piece[PIECE_BYTES / sizeof(uintptr_t)];
    for (uintptr_t at = runtime; runtime != 0 && at < runtime + RUNTIME_MOST_BYTES; at += PIECE_BYTES) {
        if (!platform_safe_read(piece, at, PIECE_BYTES)) {
            break;
        }
        for (uintptr_t word = 0; word < PIECE_BYTES / sizeof(uintptr_t); word++) {
            struct entry entry;
            if (is_ours(piece[word], &entry)) {
                if (found != 0) {
                    return; /* two words lead there: which one is the head cannot be told */
                }
                found = at + word * sizeof(uintptr_t);
                next = entry.next;
            }
        }
    }
    if (found != 0) { /* the entry itself stays: the interpreter stands on it */
        __atomic_store_n((struct entry **)found, next, __ATOMIC_SEQ_CST);
    }
}
