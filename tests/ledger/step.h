/* Included before everything else where the combined peak is tested: between any two accesses of what the processes
 * share, another one may run. */
void combined_step(void);
#define COMBINED_STEP() combined_step()
