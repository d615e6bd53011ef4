/* The C library's own table of symbols. */
#ifndef FIL_LINUX_C_LIBRARY_H
#define FIL_LINUX_C_LIBRARY_H

/* From now on who looks for a function in the C library itself finds the hook. All real functions must have been looked
 * up before. Returns the name of one that is found directly even so; NULL if there is none. */
const char *linux_c_library_settle(void);

/* Another copy of it is loaded, in a namespace of its own: what is requested from that one is not seen. */
void linux_c_library_is_loaded_again(void);

/* Some code of the C library if that has happened; else NULL. */
const void *linux_c_library_twice(void);

#endif
