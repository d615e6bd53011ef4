/* Programs that this process starts are recorded too: what they need for that is in their environment.
 *
 * Three variables lead from program to program: the list of preloaded libraries, with ours first, the folder in which
 * each process makes its own recording, and which call stack has started it. A Python takes them out of its environment
 * when the library is loaded, and the hooks of the exec family put them into that of the programs which it starts. Any
 * other program keeps them, so that what it starts without our hooks is recorded as well. */
#ifndef FIL_CHILDREN_H
#define FIL_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/platform.h"

#define CHILDREN_VARIABLE "FIL_CHILDREN="
/* An environment that is edited lies on the stack, perhaps a small one. A longer one is handed on as it is. */
#define CHILDREN_MOST_ENTRIES 2048u
#define CHILDREN_MOST_LIST 8192u /* bytes of its list of preloaded libraries */

#define CHILDREN_STARTER "FIL_STARTED_BY=" /* "RECORDING.NODE": the call stack that has started the program */
#define CHILDREN_STARTER_BYTES 64u         /* room for that */

#define CHILDREN_PATH_BYTES 4200u /* room for the path of a recording in the folder */

/* The end of the path of the script with which fil-profile starts the interpreter. */
#define BOOTSTRAP_NAME "filprofiler/in_process/bootstrap.py"

/* Whether this process is the user's program itself, whatever its interpreter is called: its command line shows it. */
bool children_is_the_program(void);

/* When the library at `library` is loaded, before anything is taken out of `environment`. */
void children_loaded(char **environment, const char *library);

/* Take the folder's variable out of the environment: this is a Python, which must not see it. */
void children_leave(char **environment);

/* Whether programs that are started are to be recorded. */
bool children_on(void);

/* The name of this process's recording, without its ending: "recording" for the program that the user has started. */
const char *children_recording(void);
void children_recording_is(const char *path);

/* This process is a fork: what has started it is its parent. */
void children_forked(void);

/* What has started this program; "" if that is not known. */
const char *children_started_by(void);

/* The folder for recordings, and the path of our library. */
const char *children_folder(void);
const char *children_library(void);

/* How many places `edited` below needs, and how many bytes `list`; 0: this environment is not edited. One that names
 * another folder, or none, is made by a fil-profile that is itself recorded: what it starts belongs to its own run. */
size_t children_places(char *const *environment);
size_t children_list_bytes(char *const *environment);

/* Write into `edited` the environment for a program of that kind, started by `starter` ("": not known). Called in the
 * child of a vfork too: takes no memory and writes only to where it is told. */
void children_edit(char *const *environment, enum platform_program program, const char *starter, char **edited,
                   char *list);

#endif
