#include "base/blas.h"
#include "base/threads.h"
#include "glue/entries.h"
#include "glue/plan.h"

/* A trainer as R holds it: an external pointer whose memory is a raw vector
 * that the pointer protects, so R's collector returns it. */

typedef struct {
  const engine *engine;
  trainer *trainer;
} trainer_handle;

#define ALIGNMENT 64

static trainer_handle *get_trainer(SEXP pointer) {
  trainer_handle *handle =
      TYPEOF(pointer) == EXTPTRSXP ? R_ExternalPtrAddr(pointer) : NULL;
  if (handle == NULL)
    Rf_error("internal error in kith, please report it: the trainer is gone");
  return handle;
}

static char *align(void *memory) {
  uintptr_t address = (uintptr_t)memory;
  return (char *)memory + (ALIGNMENT - address % ALIGNMENT) % ALIGNMENT;
}

static batch_choice get_batch(const trainer_handle *handle, SEXP items,
                              SEXP negatives) {
  size_t n = (size_t)Rf_xlength(items);
  size_t n_items = handle->engine->n_items(handle->trainer);
  batch_choice choice = {get_indices(items, n, n_items, "items"), n, NULL};
  if (negatives != R_NilValue)
    choice.negatives =
        get_ints(negatives, (size_t)Rf_xlength(negatives), "negatives");
  return choice;
}

static void set_trainer_threads(trainer_handle *handle, SEXP n_threads) {
  int usable = threads_usable(get_int(n_threads, "n_threads"));
  handle->engine->set_threads(handle->trainer, usable);
}

static SEXP progress_to_r(const trainer_handle *handle, int done) {
  progress at = handle->engine->progress_read(handle->trainer);
  const char *names[] = {"epoch",   "position",  "n_steps", "loss_sum",
                         "hit_sum", "n_batches", "done"};
  double values[] = {at.epoch,   at.position,  at.n_steps, at.loss_sum,
                     at.hit_sum, at.n_batches, done};
  SEXP result = PROTECT(Rf_allocVector(REALSXP, 7));
  SEXP labels = PROTECT(Rf_allocVector(STRSXP, 7));
  for (int i = 0; i < 7; ++i) {
    REAL(result)[i] = values[i];
    SET_STRING_ELT(labels, i, Rf_mkChar(names[i]));
  }
  Rf_setAttrib(result, R_NamesSymbol, labels);
  UNPROTECT(2);
  return result;
}

/* ---- .Call entry points ------------------------------------------------- */

/* x: n_genes x n_in; first, second: 0-based rows of x for each pair. */
SEXP C_trainer_create(SEXP plan, SEXP precision, SEXP x, SEXP first,
                      SEXP second) {
  status st = {STATUS_OK, ""};
  const engine *engine = get_engine(precision);
  double_matrix vectors = get_double_matrix(x, "x");
  size_t n_pairs = (size_t)Rf_xlength(first);
  const int *from = get_indices(first, n_pairs, vectors.n_rows, "first");
  const int *to = get_indices(second, n_pairs, vectors.n_rows, "second");
  training_plan training = get_training_plan(plan, vectors.n_rows, n_pairs);
  check_columns(vectors, training.network.n_in, "x");
  size_t bytes;
  engine->trainer_size(&training, &bytes, &st);
  raise_failure(&st);

  size_t header = sizeof(trainer_handle) + ALIGNMENT;
  SEXP memory =
      PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)(bytes + header + ALIGNMENT)));
  trainer_handle *handle = (trainer_handle *)align(RAW(memory));
  handle->engine = engine;
  engine->trainer_create(&training, align((char *)handle + sizeof *handle),
                         vectors.data, from, to, &handle->trainer, &st);
  raise_failure(&st);
  SEXP pointer = R_MakeExternalPtr(handle, R_NilValue, memory);
  UNPROTECT(1);
  return pointer;
}

SEXP C_trainer_initialise(SEXP pointer) {
  trainer_handle *handle = get_trainer(pointer);
  handle->engine->trainer_initialise(handle->trainer);
  return R_NilValue;
}

SEXP C_block_read(SEXP pointer, SEXP block) {
  trainer_handle *handle = get_trainer(pointer);
  block_name name = (block_name)get_int(block, "block");
  size_t n = handle->engine->block_length(handle->trainer, name);
  SEXP values = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  handle->engine->block_read(handle->trainer, name, REAL(values));
  UNPROTECT(1);
  return values;
}

SEXP C_block_write(SEXP pointer, SEXP block, SEXP values) {
  trainer_handle *handle = get_trainer(pointer);
  block_name name = (block_name)get_int(block, "block");
  size_t n = handle->engine->block_length(handle->trainer, name);
  handle->engine->block_write(handle->trainer, name,
                              get_doubles(values, n, "values"));
  return R_NilValue;
}

/* at: epoch, position, n_steps, loss_sum, hit_sum, n_batches */
SEXP C_progress_write(SEXP pointer, SEXP at) {
  trainer_handle *handle = get_trainer(pointer);
  const double *v = get_doubles(at, 6, "at");
  progress where = {v[0], v[1], v[2], v[3], v[4], v[5]};
  handle->engine->progress_write(handle->trainer, where);
  return R_NilValue;
}

SEXP C_epoch_begin(SEXP pointer, SEXP epoch, SEXP n_threads) {
  trainer_handle *handle = get_trainer(pointer);
  set_trainer_threads(handle, n_threads);
  double number = get_double(epoch, "epoch");
  int held = blas_hold();
  handle->engine->epoch_begin(handle->trainer, number);
  blas_release(held);
  return R_NilValue;
}

/* At most n_steps batches of the epoch; where the run stands after them, or
 * what there is to say of a loss that is not finite. */
SEXP C_epoch_advance(SEXP pointer, SEXP n_steps, SEXP learning_rate,
                     SEXP n_threads) {
  R_CheckUserInterrupt();
  trainer_handle *handle = get_trainer(pointer);
  set_trainer_threads(handle, n_threads);
  double steps = get_double(n_steps, "n_steps");
  double rate = get_double(learning_rate, "learning_rate");
  status st = {STATUS_OK, ""};
  int done;
  int held = blas_hold();
  handle->engine->epoch_advance(handle->trainer, steps, rate, &done, &st);
  blas_release(held);
  if (st.code == STATUS_NOT_FINITE) return Rf_mkString(st.message);
  raise_failure(&st);
  return progress_to_r(handle, done);
}

/* rows: 0-based; the encodings as n_out x n. */
SEXP C_trainer_encode(SEXP pointer, SEXP rows, SEXP n_threads) {
  trainer_handle *handle = get_trainer(pointer);
  set_trainer_threads(handle, n_threads);
  size_t n = (size_t)Rf_xlength(rows), n_genes, n_values;
  handle->engine->trainer_shape(handle->trainer, &n_genes, &n_values);
  const int *genes = get_indices(rows, n, n_genes, "rows");
  SEXP encoded = PROTECT(Rf_allocMatrix(REALSXP, (int)n_values, (int)n));
  int held = blas_hold();
  handle->engine->trainer_encode(handle->trainer, genes, n, REAL(encoded));
  blas_release(held);
  UNPROTECT(1);
  return encoded;
}

/* The loss of a batch given by 0-based items; its gradients stay in the
 * block of gradients. With a learning rate the step is made, too. */
SEXP C_batch(SEXP pointer, SEXP items, SEXP negatives, SEXP learning_rate,
             SEXP n_threads) {
  trainer_handle *handle = get_trainer(pointer);
  set_trainer_threads(handle, n_threads);
  batch_choice choice = get_batch(handle, items, negatives);
  int step = learning_rate != R_NilValue;
  double rate = step ? get_double(learning_rate, "learning_rate") : 0;
  status st = {STATUS_OK, ""};
  double loss = 0;
  int held = blas_hold();
  if (step)
    handle->engine->batch_step(handle->trainer, &choice, rate, &loss, &st);
  else
    handle->engine->batch_gradient(handle->trainer, &choice, &loss, &st);
  blas_release(held);
  raise_failure(&st);
  return Rf_ScalarReal(loss);
}

/* The 0-based order of the items in an epoch. */
SEXP C_epoch_order(SEXP pointer, SEXP epoch) {
  trainer_handle *handle = get_trainer(pointer);
  double number = get_double(epoch, "epoch");
  size_t n = handle->engine->n_items(handle->trainer);
  SEXP order = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  handle->engine->epoch_order(handle->trainer, number, INTEGER(order));
  UNPROTECT(1);
  return order;
}
