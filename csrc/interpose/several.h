/* From the first process that the program starts on, the recorded processes of a run add up their combined peak. */
#ifndef FIL_SEVERAL_H
#define FIL_SEVERAL_H

#include <stdbool.h>
#include <stdint.h>

/* This process is, or is about to be, one of several. Only the first call does anything, unless the process is a fork
 * that has begun a recording of its own. Not inside an event. Keeps errno. */
void several_begin(void);

/* What is to be done once at that time; at once if it has come. */
void several_when_begun(void (*action)(void));

/* This process is a fork: the recording that begins now is not the one that took part. */
void several_forked(void);

/* Another process has ended, which may have taken part. */
void several_ended(uint32_t pid);

/* Another process has truncated what they share. In a signal handler. False if the address is not in it. */
bool several_mend(uintptr_t address);

#endif
