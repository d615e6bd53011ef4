/* The moment at which tracking begins: the interpreter is up, and is about to run the program by itself. */
#ifndef FIL_MOMENT_H
#define FIL_MOMENT_H

/* Before main: if these are the words by which fil-profile starts an interpreter in which the moment can be awaited,
 * take ours out and await it. Returns how many words are left for main. */
int moment_await(int count, char **words);

#endif
