#ifndef KITH_NN_CORRUPT_H
#define KITH_NN_CORRUPT_H

#include "base/arena.h"
#include "base/status.h"
#include "nn/real.h"

/* Copies of rows in which some values are replaced. The rules for the new value
 * of a column; all but the first are values that the column has: */
typedef enum {
  CORRUPT_UNIFORM,  /* uniform between its smallest and its largest */
  CORRUPT_MARGINAL, /* that of a row drawn for this value alone */
  CORRUPT_PERMUTE,  /* the column is shuffled among the rows that are copied */
  CORRUPT_SAMPLE,   /* all new values of a row come from one other row */
  N_CORRUPTIONS
} corruption_rule;

typedef struct {
  size_t n_rows, n_columns;
  const real *x; /* all rows: where values come from */
  corruption_rule rule;
  double rate; /* share of a row's values */
  int fixed;   /* exactly floor(rate n_columns) of them; 0: each by chance */
  real *lowest, *highest; /* of each column, CORRUPT_UNIFORM */
  int *places;            /* CORRUPT_PERMUTE: scratch */
} corruption;

/* Takes the memory for copies of at most max_rows rows; x is filled later. */
static void corruption_take(corruption *c, size_t max_rows, arena *a);

/* Once x is there. */
static void corruption_start(corruption *c);

/* Rows items[0], ... of x, corrupted, to `to`. The draws are those of key and
 * step. */
static void corrupt_rows(const corruption *c, const int *items, size_t n_rows,
                         uint64_t key, uint32_t step, real *to, int n_threads);

#endif
