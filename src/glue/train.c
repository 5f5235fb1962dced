#include "base/blas.h"
#include "base/threads.h"
#include "glue/entries.h"
#include "glue/plan.h"

#include <math.h>
#include <string.h>

/* A run as R holds it: an external pointer whose memory is a raw vector that
 * the pointer protects, so R's collector returns it. The pointer's tag is the
 * list of array shapes, by which blocks of arrays are checked. */

typedef struct {
  const engine *engine;
  run *run;
  int started; /* all arrays have been loaded */
} run_handle;

#define ALIGNMENT 64

/* For Ctrl-C: rows of output between two looks. */
#define ROWS_PER_LOOK ((size_t)1024)

static run_handle *get_handle(SEXP pointer) {
  run_handle *handle =
      TYPEOF(pointer) == EXTPTRSXP ? R_ExternalPtrAddr(pointer) : NULL;
  if (handle == NULL) raise_error(STATUS_INTERNAL, "the run is gone");
  return handle;
}

static run_handle *get_started(SEXP pointer) {
  run_handle *handle = get_handle(pointer);
  if (!handle->started)
    raise_error(STATUS_INTERNAL, "the run has not been started");
  return handle;
}

static char *align(void *memory) {
  uintptr_t address = (uintptr_t)memory;
  return (char *)memory + (ALIGNMENT - address % ALIGNMENT) % ALIGNMENT;
}

static void set_run_threads(run_handle *handle, SEXP n_threads) {
  int usable = threads_usable(get_int(n_threads, "n_threads"));
  handle->engine->set_threads(handle->run, usable);
}

/* ---- .Call entry points: create, load, start ---------------------------- */

/* shapes: named list of c(rows, columns) of the arrays that will be loaded;
 * an integer vector is an array of one column. */
SEXP C_run_create(SEXP plan, SEXP precision, SEXP shapes) {
  status st = {STATUS_OK, ""};
  const engine *engine = get_engine(precision);
  training_plan training = get_training_plan(plan, shapes);
  size_t bytes;
  engine->run_size(&training, &bytes, &st);
  raise_failure(&st);

  size_t header = sizeof(run_handle) + ALIGNMENT;
  SEXP memory =
      PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(bytes + header + ALIGNMENT)));
  run_handle *handle = (run_handle *)align(RAW(memory));
  handle->engine = engine;
  handle->started = 0;
  engine->run_create(&training, align((char *)handle + sizeof *handle),
                     &handle->run, &st);
  raise_failure(&st);
  /* the rows that are there of each array */
  SEXP loaded = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)training.n_arrays));
  memset(REAL(loaded), 0, training.n_arrays * sizeof(double));
  SEXP tag = PROTECT(Rf_allocVector(VECSXP, 2));
  SET_VECTOR_ELT(tag, 0, shapes);
  SET_VECTOR_ELT(tag, 1, loaded);
  SEXP pointer = R_MakeExternalPtr(handle, tag, memory);
  UNPROTECT(3);
  return pointer;
}

/* The next rows of an array: a matrix or, for one column, a vector. Arrays are
 * loaded from the first row to the last, each in one block or several. */
SEXP C_run_load(SEXP pointer, SEXP name, SEXP values) {
  run_handle *handle = get_handle(pointer);
  SEXP shapes = VECTOR_ELT(R_ExternalPtrTag(pointer), 0);
  double *loaded = REAL(VECTOR_ELT(R_ExternalPtrTag(pointer), 1));
  const char *wanted = get_string(name, "name");
  const double *shape = REAL_RO(get_element(shapes, wanted));
  SEXP names = Rf_getAttrib(shapes, R_NamesSymbol);
  R_xlen_t at = 0;
  while (strcmp(CHAR(STRING_ELT(names, at)), wanted) != 0) ++at;
  size_t n_columns = (size_t)shape[1];
  size_t n_rows =
      Rf_isMatrix(values) ? (size_t)Rf_nrows(values) : (size_t)XLENGTH(values);
  array_block block = {.name = wanted,
                       .first_row = (size_t)loaded[at],
                       .n_rows = n_rows,
                       .n_columns = n_columns};
  if ((size_t)XLENGTH(values) != n_rows * n_columns ||
      loaded[at] + (double)n_rows > shape[0])
    raise_error(STATUS_INTERNAL,
                "%.0f values do not continue array `%s` of %g x %g after row "
                "%g",
                (double)XLENGTH(values), wanted, shape[0], shape[1],
                loaded[at]);
  if (Rf_isReal(values))
    block.doubles = REAL_RO(values);
  else
    block.integers = get_ints(values, n_rows * n_columns, wanted);
  status st = {STATUS_OK, ""};
  handle->engine->run_load(handle->run, &block, &st);
  raise_failure(&st);
  loaded[at] += (double)n_rows;
  return R_NilValue;
}

/* After the last array: first parameters, and what the task prepares. */
SEXP C_run_start(SEXP pointer) {
  run_handle *handle = get_handle(pointer);
  SEXP shapes = VECTOR_ELT(R_ExternalPtrTag(pointer), 0);
  const double *loaded = REAL_RO(VECTOR_ELT(R_ExternalPtrTag(pointer), 1));
  for (R_xlen_t i = 0; i < Rf_xlength(shapes); ++i)
    if (loaded[i] != REAL_RO(VECTOR_ELT(shapes, i))[0])
      raise_error(STATUS_INTERNAL, "an array has not been loaded to its end");
  status st = {STATUS_OK, ""};
  handle->engine->run_start(handle->run, &st);
  raise_failure(&st);
  handle->started = 1;
  return R_NilValue;
}

/* ---- .Call entry points: state ------------------------------------------ */

static block_name get_block(SEXP name) {
  static const char *const names[N_BLOCKS] = {
      [BLOCK_PARAMETERS] = "parameters",
      [BLOCK_MOMENT_1] = "moment_1",
      [BLOCK_MOMENT_2] = "moment_2",
      [BLOCK_STATE] = "state",
      [BLOCK_GRADIENTS] = "gradients"};
  const char *wanted = get_string(name, "block");
  for (int i = 0; i < N_BLOCKS; ++i)
    if (strcmp(names[i], wanted) == 0) return (block_name)i;
  raise_error(STATUS_INTERNAL, "there is no block \"%s\"", wanted);
}

SEXP C_block_read(SEXP pointer, SEXP block) {
  run_handle *handle = get_started(pointer);
  block_name name = get_block(block);
  size_t n = handle->engine->block_length(handle->run, name);
  SEXP values = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  handle->engine->block_read(handle->run, name, REAL(values));
  UNPROTECT(1);
  return values;
}

SEXP C_block_write(SEXP pointer, SEXP block, SEXP values) {
  run_handle *handle = get_started(pointer);
  block_name name = get_block(block);
  size_t n = handle->engine->block_length(handle->run, name);
  const double *numbers = get_doubles(values, n, "values");
  for (size_t i = 0; i < n; ++i)
    if (!isfinite(numbers[i]))
      raise_error(STATUS_BAD_INPUT,
                  "the state of a run is finite: number %zu of its %s is not",
                  i + 1, CHAR(STRING_ELT(block, 0)));
  handle->engine->block_write(handle->run, name, numbers);
  return R_NilValue;
}

static int count_metrics(const run_handle *handle) {
  const char *const *metrics = handle->engine->metrics(handle->run);
  int n = 0;
  while (metrics[n] != NULL) ++n;
  return n;
}

#define N_PLACES 5 /* of progress, before the metrics */

/* c(epoch, position, n_steps, n_batches, loss_sum, and the sum of each of the
 * task's metrics by its name) */
static SEXP progress_to_r(const run_handle *handle, int done) {
  progress at = handle->engine->progress_read(handle->run);
  static const char *const names[N_PLACES] = {"epoch", "position", "n_steps",
                                              "n_batches", "loss_sum"};
  const double places[N_PLACES] = {at.epoch, at.position, at.n_steps,
                                   at.n_batches, at.loss_sum};
  int n = N_PLACES + count_metrics(handle);
  SEXP result = PROTECT(Rf_allocVector(REALSXP, n + 1));
  SEXP labels = PROTECT(Rf_allocVector(STRSXP, n + 1));
  for (int i = 0; i < n; ++i) {
    int metric = i - N_PLACES;
    REAL(result)[i] = metric < 0 ? places[i] : at.metric_sum[metric];
    const char *label =
        metric < 0 ? names[i] : handle->engine->metrics(handle->run)[metric];
    SET_STRING_ELT(labels, i, Rf_mkChar(label));
  }
  REAL(result)[n] = done;
  SET_STRING_ELT(labels, n, Rf_mkChar("done"));
  Rf_setAttrib(result, R_NamesSymbol, labels);
  UNPROTECT(2);
  return result;
}

SEXP C_progress_read(SEXP pointer) {
  return progress_to_r(get_started(pointer), 0);
}

/* at: as C_progress_read() gives it, without `done` */
SEXP C_progress_write(SEXP pointer, SEXP at) {
  run_handle *handle = get_started(pointer);
  int n_metrics = count_metrics(handle);
  const double *v = get_doubles(at, (size_t)(N_PLACES + n_metrics), "at");
  progress where = {.epoch = v[0],
                    .position = v[1],
                    .n_steps = v[2],
                    .n_batches = v[3],
                    .loss_sum = v[4]};
  for (int i = 0; i < n_metrics; ++i) where.metric_sum[i] = v[N_PLACES + i];
  for (int i = 0; i < N_PLACES + n_metrics; ++i)
    if (!isfinite(v[i]))
      raise_error(STATUS_BAD_INPUT, "the place of a run is not finite");
  status st = {STATUS_OK, ""};
  handle->engine->progress_write(handle->run, where, &st);
  raise_failure(&st);
  return R_NilValue;
}

/* ---- .Call entry points: epochs ----------------------------------------- */

static double get_epoch(SEXP epoch) {
  return (double)get_count(epoch, "epoch");
}

/* The BLAS gets its threads back before R can jump away. */
SEXP C_epoch_begin(SEXP pointer, SEXP epoch, SEXP n_threads) {
  run_handle *handle = get_started(pointer);
  set_run_threads(handle, n_threads);
  handle->engine->epoch_begin(handle->run, get_epoch(epoch));
  int more = 1;
  for (size_t piece = 0; more; ++piece) {
    R_CheckUserInterrupt();
    int held = blas_hold();
    more = handle->engine->epoch_prepare(handle->run, piece);
    blas_release(held);
  }
  return R_NilValue;
}

/* At most n_steps batches of the epoch; where the run stands after them. */
SEXP C_epoch_advance(SEXP pointer, SEXP n_steps, SEXP learning_rate,
                     SEXP n_threads) {
  R_CheckUserInterrupt();
  run_handle *handle = get_started(pointer);
  set_run_threads(handle, n_threads);
  double steps = get_number(n_steps, "n_steps");
  double rate = get_finite(learning_rate, "learning_rate");
  status st = {STATUS_OK, ""};
  int done;
  int held = blas_hold();
  handle->engine->epoch_advance(handle->run, steps, rate, &done, &st);
  blas_release(held);
  raise_failure(&st);
  return progress_to_r(handle, done);
}

/* The 0-based order of the items in an epoch. */
SEXP C_epoch_order(SEXP pointer, SEXP epoch) {
  run_handle *handle = get_started(pointer);
  double number = get_epoch(epoch);
  size_t n = handle->engine->n_items(handle->run);
  SEXP order = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  handle->engine->epoch_order(handle->run, number, INTEGER(order));
  UNPROTECT(1);
  return order;
}

/* The loss of a batch given by 0-based items; its gradients stay in the
 * block of gradients. With a learning rate the step is made, too. drawn: what
 * the task would draw at random, or NULL. */
SEXP C_batch(SEXP pointer, SEXP items, SEXP drawn, SEXP learning_rate,
             SEXP n_threads) {
  run_handle *handle = get_started(pointer);
  set_run_threads(handle, n_threads);
  size_t n_items = handle->engine->n_items(handle->run);
  batch_choice choice = {.n_items = (size_t)Rf_xlength(items)};
  choice.items = get_indices(items, choice.n_items, n_items, "items");
  if (drawn != R_NilValue) {
    choice.n_drawn = (size_t)Rf_xlength(drawn);
    choice.drawn = get_ints(drawn, choice.n_drawn, "drawn");
  }
  int step = learning_rate != R_NilValue;
  double rate = step ? get_finite(learning_rate, "learning_rate") : 0;
  status st = {STATUS_OK, ""};
  double loss = 0;
  int held = blas_hold();
  handle->engine->batch(handle->run, &choice, step, rate, &loss, &st);
  blas_release(held);
  raise_failure(&st);
  return Rf_ScalarReal(loss);
}

/* The task's view of rows (0-based) of its data: values x rows. */
SEXP C_run_output(SEXP pointer, SEXP rows, SEXP n_threads) {
  run_handle *handle = get_started(pointer);
  set_run_threads(handle, n_threads);
  size_t n = (size_t)Rf_xlength(rows);
  size_t width = handle->engine->output_width(handle->run);
  const int *wanted = get_ints(rows, n, "rows");
  SEXP values = PROTECT(Rf_allocMatrix(REALSXP, (int)width, (int)n));
  status st = {STATUS_OK, ""};
  for (size_t first = 0; first < n && st.code == STATUS_OK;
       first += ROWS_PER_LOOK) {
    size_t n_rows = n - first < ROWS_PER_LOOK ? n - first : ROWS_PER_LOOK;
    R_CheckUserInterrupt();
    int held = blas_hold();
    handle->engine->output(handle->run, wanted + first, n_rows,
                           REAL(values) + first * width, &st);
    blas_release(held);
  }
  raise_failure(&st);
  UNPROTECT(1);
  return values;
}
