/* A network is a sequence of layers over one arena. */

#include "nn/layers.h"

#include "base/arena.h"

static const layer_type layer_types[] = {
    {"linear", 1, linear_count, 0, linear_initialise, linear_forward,
     linear_backward},
    {"layernorm", 0, layernorm_count, 1, layernorm_initialise,
     layernorm_forward, layernorm_backward},
    {"gelu", 0, no_parameters, 0, initialise_nothing, gelu_forward,
     slope_backward},
    {"relu", 0, no_parameters, 0, initialise_nothing, relu_forward,
     slope_backward},
    {"dropout", 0, no_parameters, 0, initialise_nothing, dropout_forward,
     slope_backward},
    {"blend", 0, blend_count, 0, blend_initialise, blend_forward,
     blend_backward},
    {"normalize", 0, no_parameters, 1, initialise_nothing, normalize_forward,
     normalize_backward}};

static const layer_type *find_layer_type(const char *name) {
  for (size_t i = 0; i < sizeof layer_types / sizeof *layer_types; ++i)
    if (strcmp(layer_types[i].name, name) == 0) return &layer_types[i];
  return NULL;
}

typedef struct {
  layer *layers;
  size_t n_layers;
  size_t n_in, n_out;
  size_t n_parameters;
  size_t max_rows;
  real *input;    /* max_rows x n_in */
  real *output;   /* max_rows x n_out */
  real *upstream; /* max_rows x widest layer: gradients on their way back */
  real *downstream;
} network;

/* Lays the network out over the arena (or adds its size up). Layers that
 * change the width without being linear are an error. */
static status_code network_create(const network_plan *plan, size_t max_rows,
                                  int with_gradients, arena *a, network *net,
                                  status *st) {
  net->n_layers = plan->n_layers;
  net->n_in = plan->n_in;
  net->n_parameters = 0;
  net->max_rows = max_rows;
  net->layers = arena_take(a, plan->n_layers, sizeof(layer));
  net->input = arena_take(a, max_rows * plan->n_in, sizeof(real));
  size_t width = plan->n_in, widest = width;
  for (size_t i = 0; i < plan->n_layers; ++i) {
    const layer_plan *part = &plan->layers[i];
    layer l = {find_layer_type(part->type),
               (int)i,
               width,
               part->n_out > 0 ? part->n_out : width,
               part->option,
               net->n_parameters,
               0,
               NULL,
               NULL};
    if (l.type == NULL)
      return status_fail(st, STATUS_INTERNAL, "there is no layer \"%s\"",
                         part->type);
    if (l.n_out != l.n_in && !l.type->changes_width)
      return status_fail(st, STATUS_INTERNAL,
                         "layer \"%s\" cannot change the width", part->type);
    if (strcmp(l.type->name, "blend") == 0 && l.n_in != plan->n_in)
      return status_fail(st, STATUS_BAD_INPUT,
                         "a blend needs as many outputs as inputs (%zu), "
                         "not %zu",
                         plan->n_in, l.n_in);
    l.n_parameters = l.type->count_parameters(&l);
    l.x = arena_take(a, max_rows * l.n_in, sizeof(real));
    l.row_state = arena_take(a, max_rows * l.type->n_row_state, sizeof(real));
    if (net->layers != NULL) net->layers[i] = l;
    net->n_parameters += l.n_parameters;
    width = l.n_out;
    if (width > widest) widest = width;
  }
  net->n_out = width;
  net->output = arena_take(a, max_rows * width, sizeof(real));
  net->upstream = net->downstream = NULL;
  if (with_gradients) {
    net->upstream = arena_take(a, max_rows * widest, sizeof(real));
    net->downstream = arena_take(a, max_rows * widest, sizeof(real));
  }
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "a network for %zu rows does not fit into memory",
                       max_rows);
  return STATUS_OK;
}

/* First values of all parameters, layer by layer from one stream. */
static void network_initialise(const network *net, uint64_t key,
                               real *parameters) {
  rng r = rng_open(key, RNG_INITIALISE, 0, 0);
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    l->type->initialise(l, &r, parameters + l->first_parameter);
  }
}

/* net->input (p->n_rows x n_in) to net->output. */
static void network_forward(const network *net, pass *p) {
  p->input = net->input;
  memcpy(net->layers[0].x, net->input, p->n_rows * net->n_in * sizeof(real));
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    real *y = i + 1 < net->n_layers ? net->layers[i + 1].x : net->output;
    l->type->forward(p, l, l->x, y);
  }
}

/* The gradient of the output, in net->upstream, to p->gradients and, where
 * p->d_input is given, to the gradient of the input. Needs the forward pass
 * of the same rows before it. */
static void network_backward(const network *net, pass *p) {
  size_t n_input = p->n_rows * net->n_in;
  real *dy = net->upstream, *spare = net->downstream;
  if (p->d_input != NULL) memset(p->d_input, 0, n_input * sizeof(real));
  for (size_t i = net->n_layers; i-- > 0;) {
    const layer *l = &net->layers[i];
    p->want_dx = i > 0 || p->d_input != NULL;
    real *dx = l->type->changes_width ? spare : dy;
    l->type->backward(p, l, l->x, dy, dx);
    if (dx != dy) {
      spare = dy;
      dy = dx;
    }
  }
  if (p->d_input != NULL)
    for (size_t j = 0; j < n_input; ++j) p->d_input[j] += dy[j];
}
