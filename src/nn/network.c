/* Networks: laying out, first parameters, and the way of a pass forward and
 * back through the layers. */

#include "nn/network.h"

#include "nn/rows.h"

static const layer_type *const layer_types[] = {
    &linear_layer,        &layernorm_layer,      &batchnorm_layer,
    &gelu_layer,          &relu_layer,           &dropout_layer,
    &normalize_layer,     &blend_layer,          &add_layer,
    &concat_layer,        &conv_layer,           &pool_layer,
    &max_positions_layer, &mean_positions_layer, &mask_positions_layer,
    &flatten_layer,       &fold_positions_layer, &words_layer,
    &embed_layer,         &attention_layer,      &last_position_layer,
    &quickgelu_layer};

static const layer_type *find_layer_type(const char *name) {
  for (size_t i = 0; i < sizeof layer_types / sizeof *layer_types; ++i)
    if (strcmp(layer_types[i]->name, name) == 0) return layer_types[i];
  return NULL;
}

/* ---- laying out ---------------------------------------------------------- */

static status_code keep_shape(layer *l, size_t n_out, status *st) {
  l->out = l->in[0];
  if (n_out > 0 && n_out != l->out.channels)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"%s\" cannot turn %zu channels into %zu",
                       l->type->name, l->out.channels, n_out);
  return STATUS_OK;
}

static status_code keep_pair_shape(layer *l, size_t n_out, status *st) {
  row_shape a = l->in[0], b = l->in[1];
  if (a.positions != b.positions || a.channels != b.channels)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"%s\" takes two values of one shape, not %zu x "
                       "%zu and %zu x %zu",
                       l->type->name, a.positions, a.channels, b.positions,
                       b.channels);
  return keep_shape(l, n_out, st);
}

static status_code reduce_positions_lay_out(layer *l, size_t n_out,
                                            status *st) {
  if (keep_shape(l, n_out, st)) return st->code;
  l->out.positions = 1;
  l->masked = l->option[0] != 0;
  return STATUS_OK;
}

static row_shape value_shape(const network *net, int value) {
  return value == 0 ? net->in : net->layers[value - 1].out;
}

/* Connects layer i with the values that it takes. */
static status_code connect(network *net, size_t i, const layer_plan *plan,
                           status *st) {
  layer *l = &net->layers[i];
  for (int k = 0; k < LAYER_INPUTS; ++k) {
    int value = plan->from[k], taken = k < l->type->n_inputs;
    if (taken != (value >= 0) || value > (int)i)
      return status_fail(st, STATUS_INTERNAL,
                         "layer %zu, \"%s\", cannot take value %d as input "
                         "%d of %d",
                         i + 1, l->type->name, value, k + 1,
                         l->type->n_inputs);
    l->from[k] = value;
    if (!taken) continue;
    l->in[k] = value_shape(net, value);
    if (k == 0) l->stride = value == 0 ? 1 : net->layers[value - 1].out_stride;
    if (net->n_uses[value]++ == 0) net->first_use[value] = (int)i;
    net->is_chain[value] =
        k == 0 && value == (int)i && net->n_uses[value] == 1;
  }
  return STATUS_OK;
}

static status_code network_lay_out(const network_plan *plan, network *net,
                                   status *st) {
  memset(net, 0, sizeof *net);
  net->in = plan->in;
  if (plan->n_layers == 0 || plan->n_layers > MAX_LAYERS)
    return status_fail(st, STATUS_BAD_INPUT,
                       "a network has 1 to %d layers, not %zu", MAX_LAYERS,
                       plan->n_layers);
  for (size_t i = 0; i < plan->n_layers; ++i) {
    const layer_plan *part = &plan->layers[i];
    layer *l = &net->layers[i];
    l->type = find_layer_type(part->type);
    if (l->type == NULL)
      return status_fail(st, STATUS_INTERNAL, "there is no layer \"%s\"",
                         part->type);
    l->index = (int)i;
    memcpy(l->option, part->option, sizeof l->option);
    if (connect(net, i, part, st)) return st->code;
    l->out_stride = l->stride;
    if (l->type->lay_out(l, part->n_out, st)) return st->code;
    l->first_parameter = net->n_parameters;
    l->first_state = net->n_state;
    net->n_parameters += l->n_parameters;
    net->n_state += l->n_state;
    net->n_layers = i + 1;
  }
  for (size_t value = 0; value < net->n_layers; ++value)
    if (net->n_uses[value] == 0)
      return status_fail(st, STATUS_INTERNAL, "no layer takes value %zu",
                         value);
  net->out = net->layers[net->n_layers - 1].out;
  net->is_chain[net->n_layers] = 1; /* its gradient comes in `upstream` */
  return STATUS_OK;
}

static size_t widest_value(const network *net) {
  size_t widest = row_size(net->in);
  for (size_t i = 0; i < net->n_layers; ++i)
    if (row_size(net->layers[i].out) > widest)
      widest = row_size(net->layers[i].out);
  return widest;
}

static size_t most_scratch(const network *net) {
  size_t most = 0;
  for (size_t i = 0; i < net->n_layers; ++i)
    if (net->layers[i].n_scratch > most) most = net->layers[i].n_scratch;
  return most;
}

/* The first layer that takes a value has it written to its own input. */
static real **place_of_value(const network *net, tape *t, size_t value) {
  if (value == net->n_layers) return &t->output;
  int user = net->first_use[value];
  int k = net->layers[user].from[0] == (int)value ? 0 : 1;
  return &t->layers[user].x[k];
}

static void tape_take(const network *net, size_t max_rows, int with_gradients,
                      arena *a, tape *t) {
  memset(t, 0, sizeof *t);
  t->max_rows = max_rows;
  int has_second = 0;
  real *scratch = arena_take(a, most_scratch(net), sizeof(real));
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    for (int k = 0; k < l->type->n_inputs; ++k)
      t->layers[i].x[k] =
          arena_take(a, max_rows, row_size(l->in[k]) * sizeof(real));
    if (l->type->n_inputs > 1) has_second = 1;
    t->layers[i].row_state = arena_take(
        a, max_rows, l->in[0].positions * l->type->n_row_state * sizeof(real));
    t->layers[i].channel_state = arena_take(
        a, l->in[0].channels, l->type->n_channel_state * sizeof(real));
    t->layers[i].scratch = scratch;
  }
  t->output = arena_take(a, max_rows, row_size(net->out) * sizeof(real));
  t->input = *place_of_value(net, t, 0);
  if (!with_gradients) return;
  size_t widest = widest_value(net) * sizeof(real);
  t->upstream = arena_take(a, max_rows, widest);
  t->spare = arena_take(a, max_rows, widest);
  if (has_second) t->second = arena_take(a, max_rows, widest);
  for (size_t value = 1; value < net->n_layers; ++value)
    if (!net->is_chain[value])
      t->d_value[value] = arena_take(
          a, max_rows, row_size(value_shape(net, (int)value)) * sizeof(real));
}

static void network_initialise(const network *net, uint64_t key,
                               uint32_t number, real *parameters,
                               real *state) {
  rng r = rng_open(key, rng_stream(RNG_INITIALISE, number, 0), 0, 0);
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    if (l->type->initialise != NULL)
      l->type->initialise(l, &r, parameters + l->first_parameter,
                          state + l->first_state);
  }
}

/* ---- forward ------------------------------------------------------------- */

/* Copies a value from its first user to all others. */
static void share_value(const network *net, tape *t, size_t value,
                        size_t n_rows) {
  if (net->n_uses[value] < 2) return;
  real *const *first = place_of_value(net, t, value);
  size_t bytes =
      n_rows * row_size(value_shape(net, (int)value)) * sizeof(real);
  for (size_t i = 0; i < net->n_layers; ++i)
    for (int k = 0; k < net->layers[i].type->n_inputs; ++k)
      if (net->layers[i].from[k] == (int)value && &t->layers[i].x[k] != first)
        memcpy(t->layers[i].x[k], *first, bytes);
}

static status_code network_forward(const network *net, tape *t, const pass *p,
                                   status *st) {
  for (size_t i = 0; p->training && i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    if (counted_rows(p, l) < l->type->fewest_rows)
      return status_fail(st, STATUS_BAD_INPUT,
                         "batch normalisation trains on at least %zu rows, "
                         "not %zu",
                         l->type->fewest_rows, p->n_rows);
  }
  share_value(net, t, 0, p->n_rows);
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    l->type->forward(p, l, &t->layers[i], *place_of_value(net, t, i + 1));
    share_value(net, t, i + 1, p->n_rows);
  }
  return STATUS_OK;
}

/* ---- backward ------------------------------------------------------------ */

/* Sum of the gradients of a value, NULL for one that needs none. */
static real *sum_of_gradients(const tape *t, const pass *p, int value) {
  return value == 0 ? p->d_input : t->d_value[value];
}

static void clear_sums(const network *net, const tape *t, const pass *p) {
  for (size_t value = 0; value < net->n_layers; ++value) {
    real *sum = sum_of_gradients(t, p, (int)value);
    size_t n = p->n_rows * row_size(value_shape(net, (int)value));
    if (sum != NULL) memset(sum, 0, n * sizeof(real));
  }
}

static void network_backward(const network *net, tape *t, const pass *p) {
  /* the gradient on its way along the chain, and the buffer beside it */
  real *current = t->upstream, *other = t->spare;
  clear_sums(net, t, p);
  for (size_t i = net->n_layers; i-- > 0;) {
    const layer *l = &net->layers[i];
    const real *dy = net->is_chain[i + 1] ? current : t->d_value[i + 1];
    real *dx[LAYER_INPUTS] = {NULL, NULL};
    if (l->from[0] > 0 || p->d_input != NULL)
      dx[0] = l->type->own_dx && dy == current ? other : current;
    if (l->from[1] > 0 || (l->from[1] == 0 && p->d_input != NULL))
      dx[1] = t->second;
    l->type->backward(p, l, &t->layers[i], dy, dx);
    if (dx[0] == other) {
      other = current;
      current = dx[0];
    }
    for (int k = 0; k < l->type->n_inputs; ++k) {
      int value = l->from[k];
      int is_link = value > 0 && net->is_chain[value];
      size_t n = p->n_rows * row_size(l->in[k]);
      if (dx[k] != NULL && !is_link)
        add_values(dx[k], n, sum_of_gradients(t, p, value));
    }
  }
}
