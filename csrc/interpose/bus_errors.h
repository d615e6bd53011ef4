/* The signal for memory of a file that is not there any more. */
#ifndef FIL_BUS_ERRORS_H
#define FIL_BUS_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

/* Somebody may cut the recording short, and whoever then reads or writes what is mapped of it gets SIGBUS. From now on
 * `mend` is asked first, with the address, 0 if that is not known; if it answers true, the program goes on. In a signal
 * handler. */
void bus_errors_guard(bool (*mend)(uintptr_t address));

#endif
