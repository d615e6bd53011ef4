/* That the library reads this interpreter's frames correctly, need only be proved once in a run: the processes of the
 * run keep it in its folder for each other. */
#ifndef FIL_PROOF_H
#define FIL_PROOF_H

#include <stdbool.h>

/* After the proof: keep it as soon as there are other processes. */
void proof_keep(void);

/* Choose what another process has proved about the same file of an interpreter. False if there is none. With the GIL.
 */
bool proof_use(void);

#endif
