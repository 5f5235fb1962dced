#include "base/arena.h"
#include "base/blas.h"
#include "base/team.h"
#include "base/threads.h"
#include "glue/entries.h"
#include "glue/plan.h"

/* Rows that are encoded at a time, and between two looks for Ctrl-C. */
#define ENCODE_ROWS 512
#define ENCODE_ROWS_PER_CALL 4096

typedef struct {
  size_t n_parameters, n_out;
  char *memory; /* scratch */
} network_room;

static network_room make_room(const engine *engine, const network_plan *plan,
                              size_t max_rows, int with_gradients) {
  status st = {STATUS_OK, ""};
  network_room room;
  size_t bytes;
  engine->network_size(plan, max_rows, with_gradients, &bytes,
                       &room.n_parameters, &room.n_out, &st);
  raise_failure(&st);
  char *memory = scratch(bytes + 64, 1);
  room.memory = memory + (64 - (uintptr_t)memory % 64) % 64;
  return room;
}

/* ---- .Call entry points ------------------------------------------------- */

SEXP C_network_initialise(SEXP network, SEXP precision, SEXP key) {
  const engine *engine = get_engine(precision);
  network_plan plan = get_network_plan(network);
  network_room room = make_room(engine, &plan, 1, 0);
  SEXP parameters =
      PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)room.n_parameters));
  engine->network_initialise(&plan, get_key(key), room.memory,
                             REAL(parameters));
  UNPROTECT(1);
  return parameters;
}

/* Encodes every row of x: n x n_in to n x n_out. */
SEXP C_network_encode(SEXP network, SEXP precision, SEXP parameters, SEXP x,
                      SEXP n_threads) {
  const engine *engine = get_engine(precision);
  network_plan plan = get_network_plan(network);
  double_matrix vectors = get_double_matrix(x, "x");
  check_columns(vectors, plan.n_in, "x");
  network_room room = make_room(engine, &plan, ENCODE_ROWS, 0);
  const double *values =
      get_doubles(parameters, room.n_parameters, "parameters");
  int threads = threads_usable(get_int(n_threads, "n_threads"));
  size_t n = vectors.n_rows;
  SEXP encoded = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)room.n_out));
  double *out = REAL(encoded);
  for (size_t first = 0; first < n; first += ENCODE_ROWS_PER_CALL) {
    size_t last = first + ENCODE_ROWS_PER_CALL;
    R_CheckUserInterrupt();
    int held = blas_hold();
    engine->network_encode(&plan, ENCODE_ROWS, room.memory, values,
                           vectors.data, n, first, last < n ? last : n, out,
                           threads);
    blas_release(held);
  }
  UNPROTECT(1);
  return encoded;
}

/* For tests: y, dx and the gradients of the parameters for upstream
 * gradients dy, in training mode if a key is given. */
SEXP C_network_gradients(SEXP network, SEXP precision, SEXP parameters, SEXP x,
                         SEXP dy, SEXP key, SEXP n_threads) {
  const engine *engine = get_engine(precision);
  network_plan plan = get_network_plan(network);
  double_matrix vectors = get_double_matrix(x, "x");
  double_matrix upstream = get_double_matrix(dy, "dy");
  size_t n = vectors.n_rows;
  network_room room = make_room(engine, &plan, n, 1);
  check_columns(vectors, plan.n_in, "x");
  check_columns(upstream, room.n_out, "dy");
  const double *values =
      get_doubles(parameters, room.n_parameters, "parameters");
  int training = key != R_NilValue;
  uint64_t draws = training ? get_key(key) : 0;
  int threads = threads_usable(get_int(n_threads, "n_threads"));
  SEXP y = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)room.n_out));
  SEXP dx = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)plan.n_in));
  SEXP d_parameters =
      PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)room.n_parameters));
  int held = blas_hold();
  engine->network_gradients(&plan, n, room.memory, draws, training, values,
                            vectors.data, upstream.data, REAL(y), REAL(dx),
                            REAL(d_parameters), threads);
  blas_release(held);
  const char *names[] = {"y", "dx", "parameters"};
  const SEXP parts[] = {y, dx, d_parameters};
  SEXP result = named_list(3, names, parts);
  UNPROTECT(3);
  return result;
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

/* What this build can do: precisions, threads, BLAS threads. */
SEXP C_build_features(void) {
#ifdef KITH_HAVE_SGEMM
  int single = 1;
#else
  int single = 0;
#endif
  int held = blas_hold();
  blas_release(held);
  const char *names[] = {"single", "threads", "blas_threads"};
  SEXP has_single = PROTECT(Rf_ScalarLogical(single));
  SEXP threads = PROTECT(Rf_ScalarInteger(threads_available()));
  SEXP blas_threads = PROTECT(Rf_ScalarInteger(held > 0 ? held : NA_INTEGER));
  const SEXP values[] = {has_single, threads, blas_threads};
  SEXP result = named_list(3, names, values);
  UNPROTECT(3);
  return result;
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
