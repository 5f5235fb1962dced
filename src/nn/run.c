/* A training run: what it holds, the state between steps, and the loop over
 * batches. What is trained on what is up to its task. Everything lies in one
 * arena that is sized before training. */

#include "nn/run.h"

/* ---- what a task asks of its plan and run -------------------------------- */

static double plan_option(const training_plan *plan, const char *name,
                          status *st) {
  for (size_t i = 0; i < plan->n_options; ++i)
    if (strcmp(plan->options[i].name, name) == 0)
      return plan->options[i].value;
  status_fail(st, STATUS_INTERNAL, "the plan has no option `%s`", name);
  return 0;
}

static array_plan plan_array(const training_plan *plan, const char *name,
                             status *st) {
  array_plan none = {.name = name};
  for (size_t i = 0; i < plan->n_arrays; ++i)
    if (strcmp(plan->arrays[i].name, name) == 0) return plan->arrays[i];
  status_fail(st, STATUS_INTERNAL, "the plan has no array `%s`", name);
  return none;
}

static int plan_has_array(const training_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->n_arrays; ++i)
    if (strcmp(plan->arrays[i].name, name) == 0) return 1;
  return 0;
}

static int plan_has_network(const training_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->n_networks; ++i)
    if (strcmp(plan->networks[i].name, name) == 0) return 1;
  return 0;
}

static size_t plan_network(const training_plan *plan, const char *name,
                           status *st) {
  for (size_t i = 0; i < plan->n_networks; ++i)
    if (strcmp(plan->networks[i].name, name) == 0) return i;
  status_fail(st, STATUS_INTERNAL, "the plan has no network `%s`", name);
  return 0;
}

static pass run_pass(const run *r, size_t number, uint32_t view, size_t n_rows,
                     int training) {
  const network *net = &r->networks[number];
  pass p = {.n_rows = n_rows,
            .n_threads = r->n_threads,
            .training = training,
            .key = r->key,
            .network = (uint32_t)number,
            .view = view,
            .step = (uint32_t)r->at.n_steps,
            .parameters = r->values.parameters + net->first_parameter,
            .gradients = r->values.gradients + net->first_parameter,
            .state = r->values.state + net->first_state};
  return p;
}

static real *task_state(const run *r) {
  return r->values.state + r->values.n_state - r->n_task_state;
}

static real *task_parameters(const run *r) {
  return r->values.parameters + r->values.n - r->n_task_parameters;
}

static real *task_gradients(const run *r) {
  return r->values.gradients + r->values.n - r->n_task_parameters;
}

static status_code load_numbers(const array_block *block, real *to,
                                status *st) {
  if (block->doubles == NULL)
    return status_fail(st, STATUS_INTERNAL, "`%s` does not hold doubles",
                       block->name);
  rows_from_r(block->doubles, block->n_rows, block->n_columns, 0,
              block->n_rows, to + block->first_row * block->n_columns);
  return STATUS_OK;
}

static status_code load_indices(const array_block *block, size_t n, int *to,
                                status *st) {
  if (block->integers == NULL || block->n_columns != 1)
    return status_fail(st, STATUS_INTERNAL, "`%s` does not hold integers",
                       block->name);
  for (size_t i = 0; i < block->n_rows; ++i) {
    int index = block->integers[i];
    if (index < 0 || (size_t)index >= n)
      return status_fail(st, STATUS_INTERNAL,
                         "`%s` holds an index out of range", block->name);
    to[block->first_row + i] = index;
  }
  return STATUS_OK;
}

static status_code output_rows(const run *r, size_t number, tape *t,
                               const real *x, size_t n_x, const int *rows,
                               size_t n, double *out, status *st) {
  const network *net = &r->networks[number];
  size_t n_in = row_size(net->in), n_out = row_size(net->out);
  size_t at_once = smaller(t->max_rows, ENCODE_ROWS);
  for (size_t i = 0; i < n; ++i)
    if (rows[i] < 0 || (size_t)rows[i] >= n_x)
      return status_fail(st, STATUS_INTERNAL,
                         "`rows` holds an index out of range");
  for (size_t first = 0; first < n; first += at_once) {
    size_t n_rows = smaller(at_once, n - first);
    pass p = run_pass(r, number, 0, n_rows, 0);
    gather_rows(x, rows + first, n_rows, n_in, t->input);
    if (network_forward(net, t, &p, st)) return st->code;
    for (size_t i = 0; i < n_rows * n_out; ++i)
      out[first * n_out + i] = (double)t->output[i];
  }
  return STATUS_OK;
}

/* ---- creating ------------------------------------------------------------ */

/* The networks' structure, and where each begins in the store. */
static status_code lay_out_networks(const training_plan *plan, run *r,
                                    status *st) {
  if (plan->n_networks == 0 || plan->n_networks > MAX_NETWORKS)
    return status_fail(st, STATUS_INTERNAL, "a run has 1 to %d networks",
                       MAX_NETWORKS);
  size_t n = 0, n_state = 0;
  r->n_networks = plan->n_networks;
  for (size_t i = 0; i < plan->n_networks; ++i) {
    network *net = &r->networks[i];
    if (network_lay_out(&plan->networks[i], net, st)) return st->code;
    net->first_parameter = n;
    net->first_state = n_state;
    n += net->n_parameters;
    n_state += net->n_state;
  }
  return STATUS_OK;
}

/* A block of any other array would be taken for one that the task knows. */
static status_code check_arrays(const training_plan *plan,
                                const task_type *task, status *st) {
  for (size_t i = 0; i < plan->n_arrays; ++i) {
    const char *const *known = task->arrays;
    while (*known != NULL && strcmp(*known, plan->arrays[i].name) != 0)
      ++known;
    if (*known == NULL)
      return status_fail(st, STATUS_INTERNAL,
                         "the task \"%s\" has no array `%s`", task->name,
                         plan->arrays[i].name);
  }
  return STATUS_OK;
}

static status_code run_lay_out(const training_plan *plan, arena *a, run *r,
                               status *st) {
  memset(r, 0, sizeof *r);
  r->key = plan->key;
  r->batch_size = plan->batch_size;
  r->optimizer = plan->optimizer;
  r->n_threads = 1;
  team_start(&r->team, 1);
  r->task = find_task_type(plan->task);
  if (r->task == NULL)
    return status_fail(st, STATUS_INTERNAL, "there is no task \"%s\"",
                       plan->task);
  if (check_arrays(plan, r->task, st) || lay_out_networks(plan, r, st) ||
      r->task->lay_out(plan, r, a, st) ||
      store_take(plan, r->networks, r->n_task_parameters, r->n_task_state, a,
                 &r->values, st))
    return st->code;
  r->order = arena_take(a, r->n_items, sizeof(int));
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "a run on %zu items does not fit into memory",
                       r->n_items);
  return STATUS_OK;
}

static status_code run_size(const training_plan *plan, size_t *bytes,
                            status *st) {
  arena counting = {NULL, 0, 0};
  run counted; /* stands in while sizes are added up */
  arena_take(&counting, 1, sizeof(run));
  run_lay_out(plan, &counting, &counted, st);
  *bytes = counting.used;
  return st->code;
}

static status_code run_create(const training_plan *plan, void *memory,
                              run **made, status *st) {
  arena a = {memory, 0, 0};
  *made = arena_take(&a, 1, sizeof(run));
  if (run_lay_out(plan, &a, *made, st)) return st->code;
  /* read by a checkpoint, also before the first step */
  store *values = &(*made)->values;
  memset(values->gradients, 0, values->n * sizeof(real));
  memset(values->moment_1, 0, values->n * sizeof(real));
  memset(values->moment_2, 0, values->n * sizeof(real));
  memset(values->state, 0, values->n_state * sizeof(real));
  /* epoch_begin() shuffles it; until then no order may lead out of the data */
  for (size_t i = 0; i < (*made)->n_items; ++i) (*made)->order[i] = (int)i;
  return STATUS_OK;
}

static status_code run_load(run *r, const array_block *block, status *st) {
  return r->task->load(r, block, st);
}

static status_code run_start(run *r, status *st) {
  for (size_t i = 0; i < r->n_networks; ++i) {
    const network *net = &r->networks[i];
    network_initialise(net, r->key, (uint32_t)i,
                       r->values.parameters + net->first_parameter,
                       r->values.state + net->first_state);
  }
  return r->task->start == NULL ? STATUS_OK : r->task->start(r, st);
}

/* ---- state --------------------------------------------------------------- */

static void set_threads(run *r, int n_threads) {
  r->n_threads = n_threads;
  team_limit(&r->team, n_threads);
}

static real *block_data(const run *r, block_name block) {
  const store *values = &r->values;
  switch (block) {
    case BLOCK_PARAMETERS:
      return values->parameters;
    case BLOCK_MOMENT_1:
      return values->moment_1;
    case BLOCK_MOMENT_2:
      return values->moment_2;
    case BLOCK_STATE:
      return values->state;
    default:
      return values->gradients;
  }
}

static size_t block_length(const run *r, block_name block) {
  return block == BLOCK_STATE ? r->values.n_state : r->values.n;
}

static void block_read(const run *r, block_name block, double *to) {
  const real *from = block_data(r, block);
  size_t n = block_length(r, block);
  for (size_t i = 0; i < n; ++i) to[i] = (double)from[i];
}

static void block_write(run *r, block_name block, const double *from) {
  real *to = block_data(r, block);
  size_t n = block_length(r, block);
  for (size_t i = 0; i < n; ++i) to[i] = C(from[i]);
}

static size_t n_items(const run *r) {
  return r->n_items;
}

static const char *const *metrics(const run *r) {
  return r->task->metrics;
}

static void epoch_order(const run *r, double epoch, int *order) {
  rng stream = rng_open(r->key, RNG_ORDER, (uint32_t)epoch, 0);
  for (size_t i = 0; i < r->n_items; ++i) order[i] = (int)i;
  rng_shuffle(&stream, order, r->n_items);
}

static progress progress_read(const run *r) {
  return r->at;
}

/* Counts are whole numbers that 32 bits hold. */
static int is_count(double x) {
  return x >= 0 && x <= UINT32_MAX && x == floor(x);
}

static status_code progress_write(run *r, progress at, status *st) {
  if (!is_count(at.epoch) || !is_count(at.n_steps) ||
      !is_count(at.n_batches) || !is_count(at.position) ||
      at.position > (double)r->n_items)
    return status_fail(st, STATUS_BAD_INPUT,
                       "a run on %zu items cannot stand at epoch %g, item %g, "
                       "step %g, batch %g",
                       r->n_items, at.epoch, at.position, at.n_steps,
                       at.n_batches);
  r->at = at;
  epoch_order(r, at.epoch, r->order);
  return STATUS_OK;
}

/* ---- steps --------------------------------------------------------------- */

/* Loss, metrics and, in the store, the gradients of a batch. */
static status_code evaluate_batch(run *r, const batch_choice *choice,
                                  batch_result *result, status *st) {
  memset(r->values.gradients, 0, r->values.n * sizeof(real));
  memset(result, 0, sizeof *result);
  if (r->task->evaluate(r, choice, result, st)) return st->code;
  if (isfinite(result->loss)) return STATUS_OK;
  return status_fail(st, STATUS_NOT_FINITE,
                     "the loss is no longer finite at epoch %.0f, batch %.0f: "
                     "lower the learning rate, set clip_norm or, for a loss "
                     "that has one, raise the temperature",
                     r->at.epoch + 1, r->at.n_batches + 1);
}

static status_code step_batch(run *r, const batch_choice *choice,
                              double learning_rate, batch_result *result,
                              status *st) {
  if (evaluate_batch(r, choice, result, st)) return st->code;
  r->at.n_steps += 1;
  optimizer_step(&r->optimizer, &r->values, r->at.n_steps, learning_rate,
                 r->n_threads);
  if (r->task->stepped != NULL) r->task->stepped(r);
  return STATUS_OK;
}

static status_code batch(run *r, const batch_choice *choice, int step,
                         double learning_rate, double *loss, status *st) {
  batch_result result;
  if (choice->n_items == 0 || choice->n_items > r->batch_size)
    return status_fail(st, STATUS_INTERNAL,
                       "a batch has 1 to %zu items, not %zu", r->batch_size,
                       choice->n_items);
  if (step)
    step_batch(r, choice, learning_rate, &result, st);
  else
    evaluate_batch(r, choice, &result, st);
  if (st->code == STATUS_OK) *loss = result.loss;
  return st->code;
}

/* ---- epochs -------------------------------------------------------------- */

static void epoch_begin(run *r, double epoch) {
  progress start = {.epoch = epoch, .n_steps = r->at.n_steps};
  r->at = start;
  epoch_order(r, epoch, r->order);
}

static int epoch_prepare(run *r, size_t piece) {
  return r->task->epoch_begin != NULL && r->task->epoch_begin(r, piece);
}

/* The loss is only seen before a step, so the last step of an epoch is judged
 * by what it leaves. */
static status_code check_parameters(const run *r, status *st) {
  for (size_t i = 0; i < r->values.n; ++i)
    if (!isfinite(r->values.parameters[i]))
      return status_fail(st, STATUS_NOT_FINITE,
                         "a parameter is no longer finite after epoch %.0f: "
                         "lower the learning rate, set clip_norm or, for a "
                         "loss that has one, raise the temperature",
                         r->at.epoch + 1);
  return STATUS_OK;
}

static void count_batch(run *r, size_t n, const batch_result *result) {
  r->at.position += (double)n;
  r->at.n_batches += 1;
  r->at.loss_sum += result->loss;
  for (int i = 0; i < MAX_METRICS; ++i)
    r->at.metric_sum[i] += result->metric[i];
}

static status_code epoch_advance(run *r, double n_steps, double learning_rate,
                                 int *done, status *st) {
  for (double step = 0;; ++step) {
    size_t position = (size_t)r->at.position;
    size_t n = smaller(r->batch_size, r->n_items - position);
    *done = n < SMALLEST_BATCH;
    if (*done) return check_parameters(r, st);
    if (step >= n_steps) return STATUS_OK;
    batch_choice choice = {.items = r->order + position, .n_items = n};
    batch_result result;
    r->n_threads = team_size(&r->team);
    double start = threads_clock();
    if (step_batch(r, &choice, learning_rate, &result, st)) return st->code;
    team_tell(&r->team, (threads_clock() - start) / (double)n);
    count_batch(r, n, &result);
  }
}

/* ---- output -------------------------------------------------------------- */

static size_t output_width(const run *r) {
  return r->task->output_width(r);
}

static status_code output(run *r, const int *rows, size_t n, double *out,
                          status *st) {
  return r->task->output(r, rows, n, out, st);
}
