#include "base/arena.h"
#include "base/blas.h"
#include "base/team.h"
#include "base/threads.h"
#include "glue/entries.h"
#include "glue/plan.h"

#include <limits.h>

/* Rows that are encoded at a time: so many, or fewer (halved until they fit)
 * where their values would take more memory than this. */
#define ENCODE_ROWS 512
#define ENCODE_BYTES ((size_t)1 << 28)
/* Such passes between two looks for Ctrl-C. */
#define ENCODE_PASSES 2

typedef struct {
  network_plan plan;
  size_t n_parameters, n_state, n_in, n_out;
  layer_description *layers; /* scratch */
  char *memory;              /* scratch */
} network_room;

static network_room make_room(const engine *engine, SEXP network,
                              size_t max_rows, int with_gradients) {
  status st = {STATUS_OK, ""};
  network_room room = {.plan = get_network_plan(network, "")};
  size_t n_layers = room.plan.n_layers, bytes;
  room.layers = scratch(n_layers, sizeof *room.layers);
  engine->network_size(&room.plan, max_rows, with_gradients, &bytes,
                       room.layers, &st);
  raise_failure(&st);
  for (size_t i = 0; i < n_layers; ++i) {
    room.n_parameters += room.layers[i].n_parameters;
    room.n_state += room.layers[i].n_state;
  }
  room.n_in = row_size(room.plan.in);
  room.n_out = row_size(room.layers[n_layers - 1].out);
  char *memory = scratch(bytes + 64, 1);
  room.memory = memory + (64 - (uintptr_t)memory % 64) % 64;
  return room;
}

/* The number of rows that a network encodes at a time, of at most n. */
static size_t choose_encode_rows(const engine *engine, SEXP network,
                                 size_t n) {
  status st = {STATUS_OK, ""};
  network_plan plan = get_network_plan(network, "");
  layer_description *layers = scratch(plan.n_layers, sizeof *layers);
  size_t rows = n < ENCODE_ROWS ? n : ENCODE_ROWS, of_one, of_rows;
  engine->network_size(&plan, 1, 0, &of_one, layers, &st);
  raise_failure(&st);
  for (; rows > 1; rows /= 2) {
    if (engine->network_size(&plan, rows, 0, &of_rows, layers, &st) ==
            STATUS_OK &&
        of_rows - of_one <= ENCODE_BYTES)
      break;
  }
  return rows > 0 ? rows : 1;
}

/* Positions with data of n rows, 1 to all; NULL for R's NULL. */
static const int *get_filled(SEXP filled, size_t n, size_t positions) {
  if (filled == R_NilValue) return NULL;
  const int *counts = get_indices(filled, n, positions + 1, "filled");
  for (size_t i = 0; i < n; ++i)
    if (counts[i] == 0)
      raise_error(STATUS_INTERNAL, "row %zu has no filled position", i + 1);
  return counts;
}

static SEXP doubles(size_t n) {
  return Rf_allocVector(REALSXP, (R_xlen_t)n);
}

/* ---- .Call entry points ------------------------------------------------- */

/* One place for each layer: list(type, positions, channels (both of what goes
 * in), positions_out, channels_out, parameters, state). */
SEXP C_network_table(SEXP network) {
  network_room room = make_room(&engine_double, network, 0, 0);
  const char *names[] = {"type",          "positions",    "channels",
                         "positions_out", "channels_out", "parameters",
                         "state"};
  size_t n = room.plan.n_layers;
  SEXP table = PROTECT(Rf_allocVector(VECSXP, 7));
  SEXP labels = PROTECT(Rf_allocVector(STRSXP, 7));
  SET_VECTOR_ELT(table, 0, Rf_allocVector(STRSXP, (R_xlen_t)n));
  for (int column = 1; column < 7; ++column)
    SET_VECTOR_ELT(table, column, doubles(n));
  for (size_t i = 0; i < n; ++i) {
    const layer_description *l = &room.layers[i];
    const size_t values[] = {l->in.positions,  l->in.channels,
                             l->out.positions, l->out.channels,
                             l->n_parameters,  l->n_state};
    SET_STRING_ELT(VECTOR_ELT(table, 0), (R_xlen_t)i, Rf_mkChar(l->type));
    for (int column = 1; column < 7; ++column)
      REAL(VECTOR_ELT(table, column))[i] = (double)values[column - 1];
  }
  for (int i = 0; i < 7; ++i) SET_STRING_ELT(labels, i, Rf_mkChar(names[i]));
  Rf_setAttrib(table, R_NamesSymbol, labels);
  UNPROTECT(2);
  return table;
}

/* list(parameters, state) */
SEXP C_network_initialise(SEXP network, SEXP precision, SEXP key) {
  const engine *engine = get_engine(precision);
  network_room room = make_room(engine, network, 1, 0);
  SEXP parameters = PROTECT(doubles(room.n_parameters));
  SEXP state = PROTECT(doubles(room.n_state));
  engine->network_initialise(&room.plan, get_key(key), room.memory,
                             REAL(parameters), REAL(state));
  const char *names[] = {"parameters", "state"};
  const SEXP parts[] = {parameters, state};
  SEXP result = named_list(2, names, parts);
  UNPROTECT(2);
  return result;
}

/* Encodes every row of x: n x values in to n x values out. filled: positions
 * with data of each row, or NULL. */
SEXP C_network_encode(SEXP network, SEXP precision, SEXP parameters,
                      SEXP state, SEXP x, SEXP filled, SEXP n_threads) {
  const engine *engine = get_engine(precision);
  double_matrix vectors = get_double_matrix(x, "x");
  size_t n = vectors.n_rows;
  size_t per_pass = choose_encode_rows(engine, network, n);
  size_t per_call = ENCODE_PASSES * per_pass;
  network_room room = make_room(engine, network, per_pass, 0);
  check_columns(vectors, room.n_in, "x");
  const double *learned =
      get_doubles(parameters, room.n_parameters, "parameters");
  const double *other = get_doubles(state, room.n_state, "state");
  const int *counts = get_filled(filled, n, room.plan.in.positions);
  int threads = threads_usable(get_int(n_threads, "n_threads"));
  SEXP encoded = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)room.n_out));
  double *out = REAL(encoded);
  for (size_t first = 0; first < n; first += per_call) {
    size_t last = first + per_call;
    R_CheckUserInterrupt();
    int held = blas_hold();
    engine->network_encode(&room.plan, per_pass, room.memory, learned, other,
                           vectors.data, counts, n, first, last < n ? last : n,
                           out, threads);
    blas_release(held);
  }
  UNPROTECT(1);
  return encoded;
}

/* y, dx, the gradients of the parameters and the state afterwards for upstream
 * gradients dy; in training mode if a key is given (for tests), with the draws
 * of c(network, view, step). filled: as above. */
SEXP C_network_gradients(SEXP network, SEXP precision, SEXP parameters,
                         SEXP state, SEXP x, SEXP dy, SEXP filled, SEXP key,
                         SEXP stream, SEXP n_threads) {
  const engine *engine = get_engine(precision);
  double_matrix vectors = get_double_matrix(x, "x");
  double_matrix upstream = get_double_matrix(dy, "dy");
  size_t n = vectors.n_rows;
  network_room room = make_room(engine, network, n, 1);
  check_columns(vectors, room.n_in, "x");
  check_columns(upstream, room.n_out, "dy");
  const int *names = get_indices(stream, 3, INT_MAX, "stream");
  get_doubles(state, room.n_state, "state");
  SEXP y = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)room.n_out));
  SEXP dx = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)room.n_in));
  SEXP d_parameters = PROTECT(doubles(room.n_parameters));
  SEXP after = PROTECT(Rf_duplicate(state));
  network_trial trial = {
      .n = n,
      .training = key != R_NilValue,
      .key = key != R_NilValue ? get_key(key) : 0,
      .network = (uint32_t)names[0],
      .view = (uint32_t)names[1],
      .step = (uint32_t)names[2],
      .parameters = get_doubles(parameters, room.n_parameters, "parameters"),
      .x = vectors.data,
      .dy = upstream.data,
      .filled = get_filled(filled, n, room.plan.in.positions),
      .state = REAL(after),
      .y = REAL(y),
      .dx = REAL(dx),
      .d_parameters = REAL(d_parameters),
      .n_threads = threads_usable(get_int(n_threads, "n_threads"))};
  status st = {STATUS_OK, ""};
  int held = blas_hold();
  engine->network_try(&room.plan, room.memory, &trial, &st);
  blas_release(held);
  raise_failure(&st);
  const char *labels[] = {"y", "dx", "parameters", "state"};
  const SEXP parts[] = {y, dx, d_parameters, after};
  SEXP result = named_list(4, labels, parts);
  UNPROTECT(4);
  return result;
}

/* For tests: a loss of predictions x against targets (matrices with a row for
 * each item) and its gradient: list(loss, dx, hits). Hits are 1 for each row
 * whose positive scores highest, else 0; NA where the loss counts none. */
SEXP C_loss_gradients(SEXP name, SEXP precision, SEXP x, SEXP target,
                      SEXP option, SEXP n_threads) {
  const engine *engine = get_engine(precision);
  double_matrix predicted = get_double_matrix(x, "x");
  double_matrix wanted = get_double_matrix(target, "target");
  SEXP dx = PROTECT(Rf_allocMatrix(REALSXP, (int)predicted.n_rows,
                                   (int)predicted.n_columns));
  SEXP hits = PROTECT(doubles(predicted.n_rows));
  for (size_t i = 0; i < predicted.n_rows; ++i) REAL(hits)[i] = NA_REAL;
  loss_trial trial = {
      .name = get_string(name, "name"),
      .n_rows = predicted.n_rows,
      .n_columns = predicted.n_columns,
      .n_target_columns = wanted.n_columns,
      .x = predicted.data,
      .target = wanted.data,
      .option = get_finite(option, "option"),
      .d_x = REAL(dx),
      .row_hit = REAL(hits),
      .n_threads = threads_usable(get_int(n_threads, "n_threads"))};
  status st = {STATUS_OK, ""};
  size_t bytes;
  engine->loss_size(&trial, &bytes, &st);
  if (wanted.n_rows != predicted.n_rows)
    raise_error(STATUS_INTERNAL, "`x` and `target` differ in their rows");
  raise_failure(&st);
  char *memory = scratch(bytes + 64, 1);
  double loss = 0;
  int held = blas_hold();
  engine->loss_try(&trial, memory + (64 - (uintptr_t)memory % 64) % 64, &loss,
                   &st);
  blas_release(held);
  raise_failure(&st);
  SEXP value = PROTECT(Rf_ScalarReal(loss));
  const char *labels[] = {"loss", "dx", "hits"};
  const SEXP parts[] = {value, dx, hits};
  SEXP result = named_list(3, labels, parts);
  UNPROTECT(3);
  return result;
}

/* Copies of the rows of x with values replaced by rule number `rule`. */
SEXP C_corrupt_rows(SEXP x, SEXP rule, SEXP rate, SEXP fixed, SEXP key,
                    SEXP step, SEXP n_threads) {
  double_matrix rows = get_double_matrix(x, "x");
  SEXP corrupted =
      PROTECT(Rf_allocMatrix(REALSXP, (int)rows.n_rows, (int)rows.n_columns));
  corruption_trial trial = {
      .n_rows = rows.n_rows,
      .n_columns = rows.n_columns,
      .x = rows.data,
      .rule = get_int(rule, "rule"),
      .rate = get_finite(rate, "rate"),
      .fixed = get_int(fixed, "fixed"),
      .key = get_key(key),
      .step = (uint32_t)get_int(step, "step"),
      .corrupted = REAL(corrupted),
      .n_threads = threads_usable(get_int(n_threads, "n_threads"))};
  status st = {STATUS_OK, ""};
  size_t bytes;
  engine_double.corrupt_size(&trial, &bytes, &st);
  raise_failure(&st);
  char *memory = scratch(bytes + 64, 1);
  engine_double.corrupt(&trial, memory + (64 - (uintptr_t)memory % 64) % 64);
  UNPROTECT(1);
  return corrupted;
}

/* For tests: exp, normal distribution and density of x, three columns. */
SEXP C_elementary(SEXP x, SEXP precision) {
  const engine *engine = get_engine(precision);
  size_t n = (size_t)Rf_xlength(x);
  const double *at = get_doubles(x, n, "x");
  SEXP values = PROTECT(Rf_allocMatrix(REALSXP, (int)n, 3));
  double *out = REAL(values);
  engine->elementary(at, n, out, out + n, out + 2 * n);
  UNPROTECT(1);
  return values;
}

static SEXP string_or_na(const char *x) {
  return Rf_ScalarString(x == NULL ? NA_STRING : Rf_mkChar(x));
}

/* What this build can do: precisions, threads, BLAS threads; its compiler; the
 * processor that the BLAS works for, and that it could. */
SEXP C_build_features(void) {
#ifdef KITH_HAVE_SGEMM
  int single = 1;
#else
  int single = 0;
#endif
  int held = blas_hold();
  blas_release(held);
#ifdef __VERSION__
  const char *compiler = __VERSION__;
#else
  const char *compiler = "unknown";
#endif
  const char *names[] = {"single",   "threads",   "blas_threads",
                         "compiler", "blas_core", "blas_best_core"};
  SEXP has_single = PROTECT(Rf_ScalarLogical(single));
  SEXP threads = PROTECT(Rf_ScalarInteger(threads_available()));
  SEXP blas_threads = PROTECT(Rf_ScalarInteger(held > 0 ? held : NA_INTEGER));
  SEXP built_by = PROTECT(Rf_mkString(compiler));
  SEXP core = PROTECT(string_or_na(blas_core()));
  SEXP best_core = PROTECT(string_or_na(blas_best_core()));
  const SEXP values[] = {has_single, threads, blas_threads,
                         built_by,   core,    best_core};
  SEXP result = named_list(6, names, values);
  UNPROTECT(6);
  return result;
}

/* See threads_give_up(). */
SEXP C_threads_give_up(void) {
  threads_give_up();
  return R_NilValue;
}

/* For tests: the threads of each step, which takes seconds[step, threads]. */
SEXP C_team_sizes(SEXP seconds) {
  int n_steps = Rf_nrows(seconds), limit = Rf_ncols(seconds);
  size_t n = (size_t)n_steps * (size_t)limit;
  const double *of = get_doubles(seconds, n, "seconds");
  SEXP sizes = PROTECT(Rf_allocVector(INTSXP, n_steps));
  team t;
  team_start(&t, limit);
  for (int step = 0; step < n_steps; ++step) {
    int size = INTEGER(sizes)[step] = team_size(&t);
    team_tell(&t, of[(size_t)(size - 1) * (size_t)n_steps + (size_t)step]);
  }
  UNPROTECT(1);
  return sizes;
}

/* Holds the BLAS to one thread, for products that R itself asks for; gives the
 * number of threads to hand back to C_blas_release(). */
SEXP C_blas_hold(void) {
  return Rf_ScalarInteger(blas_hold());
}

SEXP C_blas_release(SEXP n_threads) {
  blas_release(get_int(n_threads, "n_threads"));
  return R_NilValue;
}
