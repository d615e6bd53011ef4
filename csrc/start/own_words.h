/* The arguments with which fil-profile starts the interpreter, and which of them the interpreter itself sees. */
#ifndef FIL_OWN_WORDS_H
#define FIL_OWN_WORDS_H

#include "children/children.h" /* BOOTSTRAP_NAME */

/* bootstrap.py's command line: PYTHON [FLAGS] bootstrap.py RECORDING REPORT_SIGNAL MODE TARGET [ARGS...]. */
struct own_words {
    const char *bootstrap; /* its path; NULL: this is another program */
    const char *recording;
    const char *report_signal;
    const char *mode;
    const char *target;
};

/* Find them among the arguments of main. */
struct own_words own_words_find(int count, char **words);

/* Remove them, in place: the rest is the command line of the program without the profiler. Returns the number of
 * arguments. */
int own_words_take_out(int count, char **words);

#endif
