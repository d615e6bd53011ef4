/* Functions of a malloc that is not the C library's, beside those that every malloc has. */
#ifndef FIL_LINUX_OWN_FUNCTIONS_H
#define FIL_LINUX_OWN_FUNCTIONS_H

/* All that starts with the program is loaded: whoever looks for such a function from now on is led to us. Returns the
 * name of one that may be called past us; NULL if there is none. */
const char *linux_own_functions_settle(void);

/* Inside an event: the recording says that `name`, one of these functions, was or can be called past us. */
void linux_own_functions_missed(const char *name);

#endif
