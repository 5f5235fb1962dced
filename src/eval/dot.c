#include "eval/dot.h"

#define PAIRS_PER_PIECE 4096

void to_row_major(const double *x, size_t n, size_t d, double *rows) {
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < d; ++j) rows[i * d + j] = x[j * n + i];
}

void dot_pairs(const double *left, const double *right, size_t d, const int *a,
               const int *b, size_t n_pairs, int n_threads, double *scores) {
  (void)n_threads; /* unused in builds without OpenMP */
  size_t n_pieces = (n_pairs + PAIRS_PER_PIECE - 1) / PAIRS_PER_PIECE;
  PARALLEL_FOR(n_threads)
  for (size_t piece = 0; piece < n_pieces; ++piece) {
    size_t start = piece * PAIRS_PER_PIECE;
    size_t end = start + PAIRS_PER_PIECE;
    if (end > n_pairs) end = n_pairs;
    for (size_t i = start; i < end; ++i)
      scores[i] = dot(left + (size_t)a[i] * d, right + (size_t)b[i] * d, d);
  }
}
