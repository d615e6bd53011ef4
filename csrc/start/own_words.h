/* The words by which fil-profile starts the interpreter, and what the interpreter itself is to see of them. */
#ifndef FIL_OWN_WORDS_H
#define FIL_OWN_WORDS_H

#define BOOTSTRAP_NAME "filprofiler/in_process/bootstrap.py"

/* What bootstrap.py is started with: PYTHON [FLAGS] bootstrap.py RECORDING REPORT_SIGNAL MODE TARGET [ARGS...]. */
struct own_words {
    const char *bootstrap; /* its path; NULL: this is another program */
    const char *recording;
    const char *report_signal;
    const char *mode;
    const char *target;
};

/* Find them among the arguments of main. */
struct own_words own_words_find(int count, char **words);

/* Take them out, in place: what stays are the words by which the program is started without us. Returns how many. */
int own_words_take_out(int count, char **words);

#endif
