/* Hints to the compiler, for the few functions that run at each event. */
#ifndef FIL_INLINE_H
#define FIL_INLINE_H

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define INLINE static inline __attribute__((always_inline))

/* Computes the value here, once: not again from its parts where it is used, which would keep these in registers. */
#define IN_A_REGISTER(value) __asm__("" : "+r"(value))

#endif
