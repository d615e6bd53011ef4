/* What has to be known of forks. */
#ifndef FIL_PROCESS_HOOKS_H
#define FIL_PROCESS_HOOKS_H

/* Stop recording in the children of forks from now on. */
void process_hooks_install(void);

#endif
