#ifndef KITH_BASE_THREADS_H
#define KITH_BASE_THREADS_H

/* Threads never change a result: work is cut into pieces whose number and
 * bounds depend on the problem alone, and threads take whole pieces. */

#include <stddef.h>

#define KITH_PRAGMA(text) _Pragma(#text)

#ifdef _OPENMP
/* The loop below it runs on n threads, piece by piece as they get free. */
#define PARALLEL_FOR(n) \
  KITH_PRAGMA(omp parallel for num_threads(n) schedule(dynamic))
/* The loop below it may be vectorised although that reorders a sum. */
#define SIMD KITH_PRAGMA(omp simd)
#define SIMD_SUM(...) KITH_PRAGMA(omp simd reduction(+ : __VA_ARGS__))
#define SIMD_MAX(top) KITH_PRAGMA(omp simd reduction(max : top))
#else
#define PARALLEL_FOR(n) (void)(n);
#define SIMD
#define SIMD_SUM(...)
#define SIMD_MAX(top)
#endif

/* Builds an element-wise kernel once for each family of CPUs; the loader
 * picks one. For static functions alone: some compilers do not give the name of
 * one that others call to what the loader picks. */
#ifdef KITH_HAVE_TARGET_CLONES
#define FOR_EACH_CPU \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_CPU
#endif

/* Inlined into its callers, so that it is compiled for their CPU. */
#ifdef __GNUC__
#define KERNEL_INLINE static inline __attribute__((always_inline))
#else
#define KERNEL_INLINE static inline
#endif

/* Threads for a loop over so many numbers: few are done before others have
 * woken up, and on a busy machine those would be waited for. */
KERNEL_INLINE int threads_for(int n_threads, size_t n_numbers) {
  return n_numbers < 32768 ? 1 : n_threads;
}

/* Remembers the process that loaded the library. */
void threads_start(void);

/* For a process that was forked before it loaded the library: its parent may
 * have used OpenMP, whose run time then hangs in the child. Regions of this
 * process have one thread from now on. */
void threads_give_up(void);

/* How many threads a region may use when `requested` are asked for: one in a
 * forked child (an OpenMP run time does not survive a fork) and in builds
 * without OpenMP. */
int threads_usable(int requested);

/* Processors that this process may use. */
int threads_available(void);

/* A clock for spans of time; it stands still in builds without OpenMP. */
double threads_clock(void);

#endif
