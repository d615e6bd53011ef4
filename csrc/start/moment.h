/* The moment at which tracking begins: the interpreter is ready, and is about to run the program by itself. */
#ifndef FIL_MOMENT_H
#define FIL_MOMENT_H

/* Before main: if this is a command line by which fil-profile starts an interpreter in which the moment can be
 * detected, remove the library's arguments and wait for it. Returns the number of arguments left for main. */
int moment_await(int count, char **words);

#endif
