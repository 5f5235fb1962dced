#include "eval/score.h"

#define PAIRS_PER_PIECE 4096

double longest_row(const double *x, size_t n, size_t d) {
  double longest = 0;
  for (size_t i = 0; i < n; ++i) {
    double square = dot(x + i * d, x + i * d, d);
    if (square > longest) longest = square;
  }
  return sqrt(longest);
}

void score_pairs(const pair_scorer *s, const int *a, const int *b,
                 size_t n_pairs, int n_threads, double *scores) {
  (void)n_threads; /* unused in builds without OpenMP */
  size_t n_pieces = (n_pairs + PAIRS_PER_PIECE - 1) / PAIRS_PER_PIECE;
  PARALLEL_FOR(n_threads)
  for (size_t piece = 0; piece < n_pieces; ++piece) {
    size_t start = piece * PAIRS_PER_PIECE;
    size_t end = start + PAIRS_PER_PIECE;
    if (end > n_pairs) end = n_pairs;
    for (size_t i = start; i < end; ++i)
      scores[i] = pair_score(s, (size_t)a[i], (size_t)b[i]);
  }
}
