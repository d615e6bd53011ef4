#include "start/proof.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "attribute/attribute.h"
#include "attribute/python_api.h"
#include "children/children.h"
#include "fil_abi.h"
#include "interpose/python_objects.h"
#include "interpose/several.h"
#include "platform/platform.h"

#define BEGINS 0x46505246u /* differs between versions of the struct */

/* The content of the file: it is used whole or not at all. */
struct proof {
    uint32_t begins;
    uint32_t bytes;
    struct attribute_choice choice;
    uint32_t follows_objects;
    struct fil_objects objects;
    uint32_t ends;
};

/* Its name says for which file: an interpreter that was replaced meanwhile is another. */
static bool write_path(char *path, size_t room)
{
    struct platform_file_facts facts;
    const void *code = platform_symbol("PyEval_EvalCode");
    if (!children_on() || code == NULL || !platform_facts_of_code(code, &facts)) {
        return false;
    }
    int length = snprintf(path, room, "%s/%llx-%llx-%x-%llx.proof", children_folder(), (unsigned long long)facts.device,
                          (unsigned long long)facts.number, facts.bytes, (unsigned long long)facts.modified_ns);
    return length > 0 && (size_t)length < room;
}

static void keep(void)
{
    char path[CHILDREN_PATH_BYTES];
    struct proof proof;
    memset(&proof, 0, sizeof proof);
    proof.begins = BEGINS;
    proof.bytes = sizeof proof;
    if (!attribute_chosen(&proof.choice) || !write_path(path, sizeof path)) {
        return;
    }
    proof.follows_objects = python_objects_used(&proof.objects);
    proof.ends = BEGINS;
    platform_write_new(path, &proof, sizeof proof);
}

void proof_keep(void)
{
    several_when_begun(keep); /* a program that starts no process leaves no file */
}

bool proof_use(void)
{
    char path[CHILDREN_PATH_BYTES];
    char content[sizeof(struct proof) + 1];
    struct proof proof;
    if (!write_path(path, sizeof path) || platform_read_beginning(path, content, sizeof content) != sizeof proof) {
        return false;
    }
    memcpy(&proof, content, sizeof proof);
    if (proof.begins != BEGINS || proof.ends != BEGINS || proof.bytes != sizeof proof ||
        attribute_choose(&proof.choice) != FIL_OK) {
        return false;
    }
    if (proof.follows_objects != 0) {
        (void)python_objects_use(&proof.objects);
    }
    return true;
}
