/* See task/shared_rows.h. */

#include "task/shared_rows.h"

static void shared_rows_lay_out(const training_plan *plan, const run *r,
                                const char *array, const char *filled,
                                const char *role, size_t n, arena *a,
                                shared_rows *s, status *st) {
  array_plan x = plan_array(plan, array, st);
  s->array = array;
  s->network = plan_network(plan, role, st);
  if (st->code) return;
  const network *net = &r->networks[s->network];
  s->n_x = x.n_rows;
  s->n_in = x.n_columns;
  s->n_out = row_size(net->out);
  if (row_size(net->in) != s->n_in) {
    status_fail(st, STATUS_INTERNAL, "network \"%s\" does not fit `%s`", role,
                array);
    return;
  }
  s->x = arena_take(a, s->n_x, s->n_in * sizeof(real));
  tape_take(net, smaller(n, s->n_x), 1, a, &s->tape);
  if (filled != NULL && plan_has_array(plan, filled)) {
    if (plan_array(plan, filled, st).n_rows != s->n_x)
      status_fail(st, STATUS_INTERNAL, "`%s` has no number for each row",
                  filled);
    s->filled = arena_take(a, s->n_x, sizeof(int));
    s->filled_here = arena_take(a, smaller(n, s->n_x), sizeof(int));
  }
  s->place = arena_take(a, s->n_x, sizeof(int));
  s->distinct = arena_take(a, smaller(n, s->n_x), sizeof(int));
  s->slot = arena_take(a, n, sizeof(int));
}

static status_code load_filled(const array_block *block, size_t positions,
                               int *to, status *st) {
  if (load_indices(block, positions + 1, to, st)) return st->code;
  for (size_t i = 0; i < block->n_rows; ++i)
    if (to[block->first_row + i] == 0)
      return status_fail(st, STATUS_INTERNAL, "`%s` has a row without data",
                         block->name);
  return STATUS_OK;
}

static void shared_rows_start(const shared_rows *s) {
  for (size_t i = 0; i < s->n_x; ++i) s->place[i] = -1;
}

/* Fills distinct and slot; place is left as it was. */
static void find_distinct(shared_rows *s, const int *rows, size_t n) {
  s->n_distinct = 0;
  for (size_t i = 0; i < n; ++i) {
    int *place = &s->place[rows[i]];
    if (*place < 0) {
      *place = (int)s->n_distinct;
      s->distinct[s->n_distinct++] = rows[i];
    }
    s->slot[i] = *place;
  }
  for (size_t i = 0; i < s->n_distinct; ++i) s->place[s->distinct[i]] = -1;
}

static pass shared_rows_pass(const run *r, const shared_rows *s,
                             int training) {
  pass p = run_pass(r, s->network, 0, s->n_distinct, training);
  p.filled = s->filled_here;
  return p;
}

static status_code shared_rows_forward(const run *r, shared_rows *s,
                                       const int *rows, size_t n, int training,
                                       status *st) {
  find_distinct(s, rows, n);
  gather_rows(s->x, s->distinct, s->n_distinct, s->n_in, s->tape.input);
  for (size_t i = 0; s->filled != NULL && i < s->n_distinct; ++i)
    s->filled_here[i] = s->filled[s->distinct[i]];
  pass p = shared_rows_pass(r, s, training);
  return network_forward(&r->networks[s->network], &s->tape, &p, st);
}

static void shared_rows_spread(const shared_rows *s, size_t n, size_t stride,
                               int add, real *to) {
  for (size_t i = 0; i < n; ++i) {
    const real *from = s->tape.output + (size_t)s->slot[i] * s->n_out;
    if (add)
      add_values(from, s->n_out, to + i * stride);
    else
      memcpy(to + i * stride, from, s->n_out * sizeof(real));
  }
}

static void shared_rows_learn(const run *r, shared_rows *s, size_t n,
                              size_t stride, const real *d) {
  real *upstream = s->tape.upstream;
  memset(upstream, 0, s->n_distinct * s->n_out * sizeof(real));
  for (size_t i = 0; i < n; ++i)
    add_values(d + i * stride, s->n_out,
               upstream + (size_t)s->slot[i] * s->n_out);
  pass p = shared_rows_pass(r, s, 1);
  network_backward(&r->networks[s->network], &s->tape, &p);
}
