/* Hints to the compiler, for the few functions that run at each event. */
#ifndef FIL_INLINE_H
#define FIL_INLINE_H

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define INLINE static inline __attribute__((always_inline))

#endif
