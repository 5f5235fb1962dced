#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L /* getpid */
#include <sys/types.h>
#include <unistd.h>
#endif

#include "base/threads.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#ifndef _WIN32

static pid_t loaded_in = 0; /* set once when the library is loaded */
#endif

void threads_start(void) {
#ifndef _WIN32
  loaded_in = getpid();
#endif
}

void threads_give_up(void) {
#ifndef _WIN32
  loaded_in = 0;
#endif
}

int threads_usable(int requested) {
#ifdef _OPENMP
#ifndef _WIN32
  if (getpid() != loaded_in) return 1;
#endif
  int limit = omp_get_thread_limit(), most = 4 * omp_get_num_procs();
  if (most < 64) most = 64; /* see most_threads() in R */
  if (limit > most) limit = most;
  if (requested > limit) requested = limit;
  return requested < 1 ? 1 : requested;
#else
  (void)requested;
  return 1;
#endif
}

int threads_available(void) {
#ifdef _OPENMP
  return omp_get_num_procs();
#else
  return 1;
#endif
}

double threads_clock(void) {
#ifdef _OPENMP
  return omp_get_wtime();
#else
  return 0;
#endif
}
