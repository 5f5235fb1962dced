#ifndef KITH_NN_LOSSES_H
#define KITH_NN_LOSSES_H

#include "base/arena.h"
#include "nn/engine.h"
#include "nn/real.h"

/* Losses see matrices of scores, predictions or encodings, all row-major, and
 * give their value and the gradient of what they see. What the rows stand for
 * is the business of the task. */

typedef struct {
  double loss;
  double n_hits; /* rows of which a positive scores highest */
} loss_result;

/* ---- symmetric InfoNCE: loss_info_nce.c ---------------------------------- */

/* Scores of n queries against n keys, of which number i belongs to query i.
 * A score of -INFINITY is left out of all sums. */
typedef struct {
  real *scores, *d_scores; /* n x n */
  double *row_loss;        /* 2 x n */
  double *row_hit;         /* n */
} info_nce_room;

static void info_nce_take(size_t max_rows, arena *a, info_nce_room *room);
static loss_result info_nce(const info_nce_room *room, size_t n,
                            int n_threads);

/* ---- symmetric InfoNCE with soft targets: loss_soft_info_nce.c ----------- */

/* n queries against n keys and n_further keys of each query's own. */
typedef struct {
  size_t d, n_further;
  /* n x n: how much key j belongs to query i; filled before the loss */
  real *weight;
  real *weight_sum;        /* n */
  real *scores, *d_scores; /* n x (n + n_further) */
  real *queries, *keys;    /* at unit length */
  real *query_norm, *key_norm;
  real *d_unit;     /* of the keys */
  double *row_loss; /* 2 x n */
} soft_info_nce_room;

typedef struct {
  double loss;
  double n_hits; /* rows whose highest score is that of a key with weight 1 */
  double d_log_scale;
} soft_result;

static void soft_info_nce_take(size_t max_rows, size_t d, size_t n_further,
                               arena *a, soft_info_nce_room *room);
/* keys: n, then n_further of query 0, of query 1, ... The gradients are
 * written. */
static soft_result soft_info_nce(const soft_info_nce_room *room, size_t n,
                                 const real *queries, const real *keys,
                                 double log_scale, double most_scale,
                                 real *d_queries, real *d_keys, int n_threads);
/* The hits of queries against n keys, without the loss. */
static double soft_info_nce_hits(const soft_info_nce_room *room, size_t n,
                                 const real *queries, const real *keys,
                                 int n_threads);

/* ---- rows in a chain: loss_chain.c --------------------------------------- */

typedef struct {
  size_t n, d;
  const real *x;    /* n x d */
  const real *step; /* d */
  double ahead, back, share;
  real *d_x;    /* added to */
  real *d_step; /* likewise; NULL for a step that is not learned */
} chain_batch;

static double chain_loss(const chain_batch *b);

/* ---- InfoNCE against drawn negatives: loss_info_nce_uniform.c ------------ */

/* Query i with its key and its own negatives, rows of a bank. */
typedef struct {
  size_t d, n_negatives;
  const real *bank; /* rows of d */
  double temperature;
  real *scores;             /* n_queries x n_negatives */
  real *d_queries, *d_keys; /* n_queries x d, written */
  double *row_loss, *row_hit;
} uniform_room;

static void info_nce_uniform_take(size_t n_queries, size_t d,
                                  size_t n_negatives, arena *a,
                                  uniform_room *room);
/* The loss of query i; its gradients are scaled by weight. */
static void info_nce_uniform(const uniform_room *room, size_t i,
                             const real *query, const real *key,
                             const int *negatives, real weight);

/* ---- any number of positives: loss_multi_positive.c --------------------- */

/* Scores of n rows against n_columns columns. */
typedef struct {
  real *scores;     /* n x n_columns; become twice their gradient */
  double *row_loss; /* n */
  double *row_hit;  /* n */
  real *row_weight; /* share of the loss; over all rows 1 */
  real *row_offset; /* added to the row where columns are summed */
  real *column_weight, *column_offset; /* likewise */
  real *column_top;   /* largest score of the column, with offsets */
  real *column_scale; /* weight over the sum of the exponentials */
  int *column_count;  /* rows that the column is a positive of */
  double *column_loss;
} multi_positive_room;

/* The positives of row i: n[i] columns from columns[i] on. */
typedef struct {
  const int **columns;
  int *n;
} positive_lists;

static void multi_positive_take(size_t max_rows, size_t n_columns, arena *a,
                                multi_positive_room *room);
static loss_result multi_positive(const multi_positive_room *room,
                                  const positive_lists *positives, size_t n,
                                  size_t n_columns, int n_threads);

/* ---- losses of predictions against targets: loss_heads.c ----------------- */

/* n x n_columns predictions and n x n_target_columns targets. A loss takes a
 * target for each prediction, one for each row (class, rank), or two for each
 * row (set and weight of its pair: the decoupled losses). */
typedef struct {
  size_t n, n_columns, n_target_columns;
  const real *x, *target;
  real *d_x;     /* n x n_columns, written */
  double option; /* see the loss */
  real *scratch; /* head_loss.scratch values */
  double *row_loss;
  double *row_hit; /* NULL, or n: does the row's positive score highest, 1 or
                      0? Written by the losses of two views alone. */
  int n_threads;
} head_batch;

typedef struct {
  const char *name;
  size_t (*scratch)(size_t n, size_t n_columns);
  /* Can the loss be taken of this batch? A task asks before each evaluate(),
   * as its targets may be what a network has made; it costs O(n). */
  status_code (*check)(const head_batch *batch, status *st);
  double (*evaluate)(const head_batch *batch);
} head_loss;

/* The pairwise logistic loss: loss_pairwise.c. */
static size_t pairwise_scratch(size_t n, size_t n_columns);
static double pairwise_logistic(const head_batch *b);

/* Rank-N-Contrast: loss_rank_n_contrast.c. */
static size_t rank_n_contrast_scratch(size_t n, size_t n_columns);
static status_code check_rank_n_contrast(const head_batch *b, status *st);
static double rank_n_contrast(const head_batch *b);

/* The decoupled contrastive loss, in two forms: loss_decoupled.c. */
static size_t decoupled_scratch(size_t n, size_t n_columns);
static status_code check_decoupled(const head_batch *b, status *st);
static double decoupled(const head_batch *b);
static double decoupled_one_sum(const head_batch *b);

/* What losses of a head share: a target for each row, and the sum of
 * row_loss. */
static status_code check_one_target(const head_batch *b, status *st);
static double sum_of_rows(const head_batch *b);

/* NULL if there is no loss of that name. */
static const head_loss *find_head_loss(const char *name);

#endif
