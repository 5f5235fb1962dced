#include "pairs/unique.h"

/* The higher of two scores; NaN, which equals nothing, only if both are. */
static double higher(double held, double other) {
  return held != held || other > held ? other : held;
}

unique_counts unique_pairs(const int *a, const int *b, const double *score,
                           size_t n_rows, pair_set *set, int *first_at,
                           int *kept, double *best, int *times) {
  unique_counts counts = {0, 0, 0, 0, 0};
  for (size_t row = 0; row < n_rows; ++row) {
    if (a[row] < 0 || b[row] < 0) {
      ++counts.n_missing;
    } else if (a[row] == b[row]) {
      ++counts.n_self;
    } else if (pair_set_add(set, a[row], b[row])) {
      first_at[pair_set_slot(set, a[row], b[row])] = (int)counts.n_kept;
      kept[counts.n_kept] = (int)row;
      if (score) best[counts.n_kept] = score[row];
      times[counts.n_kept] = 1;
      ++counts.n_kept;
    } else {
      int first = first_at[pair_set_slot(set, a[row], b[row])];
      ++times[first];
      if (score) best[first] = higher(best[first], score[row]);
      if (a[kept[first]] == a[row]) {
        ++counts.n_duplicated;
      } else {
        ++counts.n_reversed;
      }
    }
  }
  return counts;
}
