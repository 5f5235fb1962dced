/* Corruption of rows (see nn/corrupt.h). A row draws from the stream of its
 * place among the copied rows; what shuffles a column draws from the stream of
 * the column. So threads change nothing. */

#include "nn/corrupt.h"

#include "base/rng.h"

static void corruption_take(corruption *c, size_t max_rows, arena *a) {
  if (c->rule == CORRUPT_UNIFORM) {
    c->lowest = arena_take(a, c->n_columns, sizeof(real));
    c->highest = arena_take(a, c->n_columns, sizeof(real));
  }
  if (c->rule == CORRUPT_PERMUTE) {
    size_t n_pieces = (size_t)count_pieces(c->n_columns, COLUMNS_PER_PIECE);
    c->places = arena_take(a, n_pieces, max_rows * sizeof(int));
  }
}

static void corruption_start(corruption *c) {
  if (c->rule != CORRUPT_UNIFORM) return;
  size_t n = c->n_columns;
  memcpy(c->lowest, c->x, n * sizeof(real));
  memcpy(c->highest, c->x, n * sizeof(real));
  for (size_t i = 1; i < c->n_rows; ++i) {
    const real *row = c->x + i * n;
    for (size_t j = 0; j < n; ++j) {
      if (row[j] < c->lowest[j]) c->lowest[j] = row[j];
      if (row[j] > c->highest[j]) c->highest[j] = row[j];
    }
  }
}

/* ---- new values ---------------------------------------------------------- */

/* Columns of a piece, each with its values in another order. */
static void permute_columns(const corruption *c, const int *items,
                            size_t n_rows, uint64_t key, uint32_t step,
                            int piece, real *to) {
  size_t n = c->n_columns, first = (size_t)piece * COLUMNS_PER_PIECE;
  size_t last = smaller(first + COLUMNS_PER_PIECE, n);
  int *places = c->places + (size_t)piece * n_rows;
  const uint32_t stream = rng_stream(RNG_CORRUPT, 0, 1);
  for (size_t j = first; j < last; ++j) {
    rng r = rng_open(key, stream, step, (uint32_t)j);
    for (size_t i = 0; i < n_rows; ++i) places[i] = items[i];
    rng_shuffle(&r, places, n_rows);
    for (size_t i = 0; i < n_rows; ++i)
      to[i * n + j] = c->x[(size_t)places[i] * n + j];
  }
}

/* A row other than `item`, or itself where there is no other. */
static size_t draw_other_row(const corruption *c, rng *r, size_t item) {
  if (c->n_rows < 2) return item;
  size_t row = rng_below_u32(r, (uint32_t)(c->n_rows - 1));
  return row < item ? row : row + 1;
}

static real draw_value(const corruption *c, rng *r, size_t donor, size_t j) {
  switch (c->rule) {
    case CORRUPT_UNIFORM:
      return c->lowest[j] + C(rng_unit(r)) * (c->highest[j] - c->lowest[j]);
    case CORRUPT_MARGINAL:
      donor = rng_below_u32(r, (uint32_t)c->n_rows);
      break;
    default:
      break;
  }
  return c->x[donor * c->n_columns + j];
}

/* ---- which values -------------------------------------------------------- */

/* Is value j replaced? Of `wanted` among `left` values each has the same
 * chance (selection sampling: Knuth, volume 2, 3.4.2, algorithm S). */
static int is_chosen(const corruption *c, rng *r, size_t left,
                     size_t *wanted) {
  if (!c->fixed) return rng_unit(r) < c->rate;
  if (rng_below_u32(r, (uint32_t)left) >= *wanted) return 0;
  --*wanted;
  return 1;
}

/* Row i of `to`; where columns were shuffled the new values are there. */
static void corrupt_row(const corruption *c, size_t item, size_t i,
                        uint64_t key, uint32_t step, real *to) {
  size_t n = c->n_columns, wanted = (size_t)(c->rate * (double)n);
  const real *row = c->x + item * n;
  rng r = rng_open(key, rng_stream(RNG_CORRUPT, 0, 0), step, (uint32_t)i);
  size_t donor =
      c->rule == CORRUPT_SAMPLE ? draw_other_row(c, &r, item) : item;
  for (size_t j = 0; j < n; ++j) {
    if (!is_chosen(c, &r, n - j, &wanted))
      to[j] = row[j];
    else if (c->rule != CORRUPT_PERMUTE)
      to[j] = draw_value(c, &r, donor, j);
  }
}

static void corrupt_rows(const corruption *c, const int *items, size_t n_rows,
                         uint64_t key, uint32_t step, real *to,
                         int n_threads) {
  size_t n = c->n_columns;
  n_threads = threads_for(n_threads, n_rows * n);
  if (c->rule == CORRUPT_PERMUTE) {
    int n_pieces = count_pieces(n, COLUMNS_PER_PIECE);
    PARALLEL_FOR(n_threads)
    for (int piece = 0; piece < n_pieces; ++piece)
      permute_columns(c, items, n_rows, key, step, piece, to);
  }
  int n_pieces = count_pieces(n_rows, ROWS_PER_PIECE);
  PARALLEL_FOR(n_threads)
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ROWS_PER_PIECE;
    size_t last = smaller(first + ROWS_PER_PIECE, n_rows);
    for (size_t i = first; i < last; ++i)
      corrupt_row(c, (size_t)items[i], i, key, step, to + i * n);
  }
}
