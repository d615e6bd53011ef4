/* Which of the programs that are started are recorded. The others are only followed: what they start may be recorded.
 */
#ifndef FIL_CHOSEN_H
#define FIL_CHOSEN_H

#include <stdbool.h>

#define CHOSEN_FILE "chosen" /* in the folder for recordings: '+' or '-', a pattern, and a 0, for each option */

/* Whether this program, which another one has started, is. */
bool chosen_to_be_recorded(void);

#endif
