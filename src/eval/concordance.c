#include "eval/concordance.h"

#include "base/rng.h"

#include <math.h>

void rank_items(const double *predicted, const double *truth, size_t n,
                keyed_item *work, ranked_items *ranked) {
  const keyed_item *order = sort_doubles(predicted, n, work);
  uint32_t *rank_of = ranked->item; /* until the items come in */
  size_t n_ranks = 0;
  for (size_t i = 0; i < n; ++i) {
    if (i == 0 || order[i].key != order[i - 1].key) ++n_ranks;
    rank_of[order[i].item] = (uint32_t)n_ranks;
    ranked->rank[i] = (uint32_t)order[i].item;
  }
  ranked->n = n;
  ranked->n_ranks = n_ranks;
  /* stable, so items of one truth stay in the order of their prediction */
  for (size_t i = 0; i < n; ++i) {
    uint32_t item = ranked->rank[i];
    work[i].key = sort_key(truth[item]);
    work[i].item = (uint64_t)rank_of[item] << 32 | item;
  }
  order = sort_items(work, work + n, n);
  for (size_t i = 0; i < n; ++i) {
    ranked->item[i] = (uint32_t)order[i].item;
    ranked->rank[i] = (uint32_t)(order[i].item >> 32);
    ranked->ends_tie[i] = i + 1 == n || order[i + 1].key != order[i].key;
  }
}

/* Pairs of different items that are tied: of weights w they are
 * ((sum w)^2 - sum w^2) / 2. */
typedef struct {
  uint64_t sum, squares;
} tie_sums;

static void tie_add(tie_sums *ties, uint64_t weight) {
  ties->sum += weight;
  ties->squares += weight * weight;
}

static uint64_t tie_pairs(tie_sums *ties) {
  uint64_t pairs = (ties->sum * ties->sum - ties->squares) / 2;
  ties->sum = ties->squares = 0;
  return pairs;
}

static uint64_t weight_of(const ranked_items *ranked, const uint32_t *weights,
                          size_t i) {
  return weights == NULL ? 1 : weights[ranked->item[i]];
}

bool weights_fit(const uint32_t *weights, size_t n) {
  uint64_t sum = 0; /* of fewer than 2^32 weights below 2^32 */
  for (size_t i = 0; i < n; ++i) sum += weights[i];
  return sum <= UINT32_MAX;
}

pair_counts count_pairs(const ranked_items *ranked, const uint32_t *weights,
                        uint64_t *tree, uint64_t *held) {
  pair_counts counts = {0};
  const size_t n_ranks = ranked->n_ranks;
  memset(tree, 0, (n_ranks + 1) * sizeof *tree);
  memset(held, 0, (n_ranks + 1) * sizeof *held);
  uint64_t total = 0; /* weight of all items with a lower truth */
  tie_sums truth = {0, 0}, both = {0, 0};
  for (size_t first = 0, i = 0; i < ranked->n; ++i) {
    const uint64_t weight = weight_of(ranked, weights, i);
    const uint32_t rank = ranked->rank[i];
    tie_add(&truth, weight);
    tie_add(&both, weight);
    if (weight > 0) {
      uint64_t below = 0;
      for (size_t at = rank - 1; at > 0; at -= at & (~at + 1))
        below += tree[at];
      counts.concordant += weight * below;
      counts.tied_prediction += weight * held[rank];
      counts.discordant += weight * (total - below - held[rank]);
    }
    if (ranked->ends_tie[i] || ranked->rank[i + 1] != rank)
      counts.tied_both += tie_pairs(&both);
    if (!ranked->ends_tie[i]) continue;
    /* items of one truth enter together */
    for (total += truth.sum; first <= i; ++first) {
      const uint64_t enters = weight_of(ranked, weights, first);
      if (enters == 0) continue;
      held[ranked->rank[first]] += enters;
      for (size_t at = ranked->rank[first]; at <= n_ranks;
           at += at & (~at + 1))
        tree[at] += enters;
    }
    counts.tied_truth += tie_pairs(&truth);
  }
  counts.tied_truth -= counts.tied_both;
  return counts;
}

double concordance_of(const pair_counts *counts) {
  const uint64_t ordered =
      counts->concordant + counts->discordant + counts->tied_prediction;
  if (ordered == 0) return NAN;
  return ((double)counts->concordant + 0.5 * (double)counts->tied_prediction) /
         (double)ordered;
}

double tau_b_of(const pair_counts *counts) {
  const double concordant = (double)counts->concordant;
  const double discordant = (double)counts->discordant;
  const double of_truth =
      concordant + discordant + (double)counts->tied_prediction;
  const double of_prediction =
      concordant + discordant + (double)counts->tied_truth;
  if (!(of_truth > 0 && of_prediction > 0)) return NAN;
  return (concordant - discordant) / (sqrt(of_truth) * sqrt(of_prediction));
}

void draw_units(const unit_design *design, size_t r, uint32_t *counts,
                uint32_t *weights) {
  rng stream = rng_open(design->key, RNG_BOOTSTRAP, (uint32_t)r, 0);
  memset(counts, 0, design->n_units * sizeof *counts);
  for (size_t i = 0; i < design->n_units; ++i)
    ++counts[rng_below_u32(&stream, (uint32_t)design->n_units)];
  for (size_t i = 0; i < design->n_items; ++i)
    weights[i] = counts[design->unit == NULL ? i : (size_t)design->unit[i]];
}
