#include "start/own_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum word { WORD_BOOTSTRAP, WORD_RECORDING, WORD_SIGNAL, WORD_MODE, WORD_TARGET, WORDS };

static bool ends_with(const char *word, const char *end)
{
    size_t length = strlen(word);
    return length >= strlen(end) && strcmp(word + length - strlen(end), end) == 0;
}

/* The flag for a mode; "" for a script, which has none. NULL: bootstrap.py handles it. */
static const char *flag_of(const char *mode, const char *target)
{
    if (strcmp(mode, "module") == 0) {
        return "-m";
    }
    if (strcmp(mode, "command") == 0) {
        return "-c";
    }
    bool is_word = target[0] != '-' || target[1] == '\0'; /* "-" is a program on standard input */
    return strcmp(mode, "script") == 0 && target[0] != '\0' && is_word ? "" : NULL;
}

/* Their position; 0 if they are not there. */
static int find(int count, char **words)
{
    for (int at = 1; at + WORDS <= count; at++) {
        if (ends_with(words[at], BOOTSTRAP_NAME)) {
            return flag_of(words[at + WORD_MODE], words[at + WORD_TARGET]) != NULL ? at : 0;
        }
    }
    return 0;
}

struct own_words own_words_find(int count, char **words)
{
    int at = find(count, words);
    if (at == 0) {
        return (struct own_words){.bootstrap = NULL};
    }
    return (struct own_words){
        .bootstrap = words[at + WORD_BOOTSTRAP],
        .recording = words[at + WORD_RECORDING],
        .report_signal = words[at + WORD_SIGNAL],
        .mode = words[at + WORD_MODE],
        .target = words[at + WORD_TARGET],
    };
}

int own_words_take_out(int count, char **words)
{
    static char flag[] = "-m"; /* main may change its arguments */
    int at = find(count, words);
    if (at == 0) {
        return count;
    }
    const char *wanted = flag_of(words[at + WORD_MODE], words[at + WORD_TARGET]);
    int to = at;
    if (wanted[0] != '\0') {
        flag[1] = wanted[1];
        words[to++] = flag;
    }
    for (int from = at + WORD_TARGET; from <= count; from++) { /* with the NULL at the end */
        words[to++] = words[from];
    }
    return to - 1;
}
