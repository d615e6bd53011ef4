/* Functions of a malloc that is not the C library's, beside those that every malloc has. */
#ifndef FIL_LINUX_OWN_FUNCTIONS_H
#define FIL_LINUX_OWN_FUNCTIONS_H

/* Everything that starts with the program is loaded: redirect all later lookups of such functions. Returns the name of
 * one that may still be called without the library seeing it; NULL if there is none. */
const char *linux_own_functions_settle(void);

/* Inside an event: record that `name`, one of these functions, was or can be called without the library seeing it. */
void linux_own_functions_missed(const char *name);

#endif
