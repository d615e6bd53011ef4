/* The signal for memory of a file that is no longer there. */
#ifndef FIL_BUS_ERRORS_H
#define FIL_BUS_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

/* Another process may truncate the recording; then any access to its missing part raises SIGBUS. From now on `mend` is
 * called first, with the address; if it returns true, the program goes on. In a signal handler. */
void bus_errors_guard(bool (*mend)(uintptr_t address));

#endif
