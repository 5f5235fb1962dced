#ifndef KITH_TASK_SHARED_ROWS_H
#define KITH_TASK_SHARED_ROWS_H

#include "nn/task.h"

/* Rows of a matrix that many items of a batch have in common: each distinct one
 * goes through its network once, and all items that name it share what comes
 * out (a dropout mask as well) and add up their gradients. */

typedef struct {
  const char *array; /* name of the matrix in the plan */
  size_t n_x, n_in, n_out;
  size_t network; /* its number */
  real *x;
  int *filled;      /* positions of each row that hold data, or NULL: all */
  int *filled_here; /* of the distinct rows of the batch */
  tape tape;
  int *place;    /* of each row of x in the batch, -1 where it is in none */
  int *distinct; /* rows of x in the batch */
  int *slot;     /* of each item: which of these it names */
  size_t n_distinct;
} shared_rows;

/* array: name of the matrix; filled: of the array of its filled positions,
 * which may be missing (NULL: always is); role: of the network. At most n items
 * name rows at a time. */
static void shared_rows_lay_out(const training_plan *plan, const run *r,
                                const char *array, const char *filled,
                                const char *role, size_t n, arena *a,
                                shared_rows *s, status *st);
/* Filled positions of rows, 1 to all. */
static status_code load_filled(const array_block *block, size_t positions,
                               int *to, status *st);
static void shared_rows_start(const shared_rows *s);

/* Runs the rows that n items name. */
static status_code shared_rows_forward(const run *r, shared_rows *s,
                                       const int *rows, size_t n, int training,
                                       status *st);

/* What came out, at each item's place: to[i stride + j], added where `add` is
 * set. */
static void shared_rows_spread(const shared_rows *s, size_t n, size_t stride,
                               int add, real *to);

/* The gradient of the items, d[i stride + j], to the network's. */
static void shared_rows_learn(const run *r, shared_rows *s, size_t n,
                              size_t stride, const real *d);

#endif
