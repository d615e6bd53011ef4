/* The C library's own table of symbols. */
#ifndef FIL_LINUX_C_LIBRARY_H
#define FIL_LINUX_C_LIBRARY_H

/* From now on who looks for a function in the C library itself finds the hook. All real functions must have been looked
 * up before. Returns the name of one that is found directly even so; NULL if there is none. */
const char *linux_c_library_settle(void);

#endif
