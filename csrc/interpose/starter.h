/* Which call stack starts a process: that is where the report hangs it. */
#ifndef FIL_STARTER_H
#define FIL_STARTER_H

/* The calling thread is about to fork, or to start a program. A fork keeps what its parent has noted until it records
 * itself; the child of a vfork, which shares its parent's memory, changes nothing. Keeps errno. */
void starter_note(void);

/* Writes "RECORDING.NODE" into `text`, of CHILDREN_STARTER_BYTES: what was noted last. "" if nothing was. */
void starter_write(char *text);

#endif
