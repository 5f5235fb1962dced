#include "glue/plan.h"

#include <string.h>

/* ---- networks ------------------------------------------------------------ */

static layer_plan get_layer(SEXP types, const double *n_out, const int *from,
                            const double *option, size_t i, size_t n) {
  layer_plan plan = {.type = CHAR(STRING_ELT(types, (R_xlen_t)i)),
                     .n_out = (size_t)n_out[i]};
  if (!(n_out[i] >= 0 && n_out[i] <= 0x1p31))
    raise_error(STATUS_INTERNAL, "layer %zu has %g channels", i + 1, n_out[i]);
  for (size_t k = 0; k < LAYER_INPUTS; ++k) plan.from[k] = from[k * n + i];
  for (size_t k = 0; k < LAYER_OPTIONS; ++k)
    plan.option[k] = option[k * n + i];
  return plan;
}

network_plan get_network_plan(SEXP network, const char *name) {
  SEXP types = get_element(network, "type");
  size_t n = (size_t)Rf_xlength(types);
  if (!Rf_isString(types))
    raise_error(STATUS_INTERNAL, "`type` is not a character vector");
  const double *n_out = get_doubles(get_element(network, "n_out"), n, "n_out");
  const int *from =
      get_ints(get_element(network, "from"), n * LAYER_INPUTS, "from");
  const double *option =
      get_doubles(get_element(network, "option"), n * LAYER_OPTIONS, "option");
  layer_plan *layers = scratch(n, sizeof(layer_plan));
  for (size_t i = 0; i < n; ++i)
    layers[i] = get_layer(types, n_out, from, option, i, n);
  network_plan plan = {
      .name = name,
      .in = {.positions =
                 get_count(get_element(network, "positions"), "positions"),
             .channels =
                 get_count(get_element(network, "channels"), "channels")},
      .n_layers = n,
      .layers = layers};
  return plan;
}

/* ---- runs ---------------------------------------------------------------- */

/* The names of a list or vector, one for each element. */
static SEXP get_names(SEXP x, const char *name) {
  SEXP names = Rf_getAttrib(x, R_NamesSymbol);
  if (Rf_xlength(names) != Rf_xlength(x))
    raise_error(STATUS_INTERNAL, "`%s` has no names", name);
  return names;
}

static const char *name_at(SEXP names, size_t i) {
  return CHAR(STRING_ELT(names, (R_xlen_t)i));
}

static void get_networks(SEXP list, training_plan *plan) {
  SEXP names = get_names(list, "networks");
  size_t n = plan->n_networks = (size_t)Rf_xlength(list);
  network_plan *networks = scratch(n, sizeof *networks);
  for (size_t i = 0; i < n; ++i)
    networks[i] =
        get_network_plan(VECTOR_ELT(list, (R_xlen_t)i), name_at(names, i));
  plan->networks = networks;
}

static void get_groups(SEXP list, training_plan *plan) {
  SEXP counts = get_element(list, "n_networks");
  size_t n = plan->n_groups = (size_t)Rf_xlength(counts), next = 0;
  const int *sizes = get_ints(counts, n, "n_networks");
  const double *rate = get_doubles(get_element(list, "rate"), n, "rate");
  const double *decay = get_doubles(get_element(list, "decay"), n, "decay");
  const double *clip = get_doubles(get_element(list, "clip"), n, "clip");
  const int *by_block =
      get_flags(get_element(list, "by_block"), n, "by_block");
  const int *frozen = get_flags(get_element(list, "frozen"), n, "frozen");
  group_plan *groups = scratch(n, sizeof *groups);
  for (size_t i = 0; i < n; ++i) {
    if (sizes[i] < 1 || !(rate[i] >= 0) || !(decay[i] >= 0) || !(clip[i] > 0))
      raise_error(STATUS_INTERNAL, "group %zu is out of range", i + 1);
    group_plan group = {.first_network = next,
                        .n_networks = (size_t)sizes[i],
                        .rate = rate[i],
                        .decay = decay[i],
                        .clip = clip[i],
                        .by_block = by_block[i] != 0,
                        .frozen = frozen[i] != 0};
    groups[i] = group;
    next += group.n_networks;
  }
  plan->groups = groups;
}

static void get_options(SEXP values, training_plan *plan) {
  SEXP names = get_names(values, "options");
  size_t n = plan->n_options = (size_t)Rf_xlength(values);
  const double *numbers = get_doubles(values, n, "options");
  option_plan *options = scratch(n, sizeof *options);
  for (size_t i = 0; i < n; ++i) {
    options[i].name = name_at(names, i);
    options[i].value = numbers[i];
    if (ISNAN(numbers[i]))
      raise_error(STATUS_INTERNAL, "option `%s` is NA", options[i].name);
  }
  plan->options = options;
}

static void get_arrays(SEXP shapes, training_plan *plan) {
  SEXP names = get_names(shapes, "arrays");
  size_t n = plan->n_arrays = (size_t)Rf_xlength(shapes);
  array_plan *arrays = scratch(n, sizeof *arrays);
  for (size_t i = 0; i < n; ++i) {
    SEXP shape = VECTOR_ELT(shapes, (R_xlen_t)i);
    const char *name = name_at(names, i);
    const double *sizes = get_doubles(shape, 2, name);
    if (!(sizes[0] >= 0 && sizes[0] <= 0x1p31 && sizes[1] >= 0 &&
          sizes[1] <= 0x1p31))
      raise_error(STATUS_INTERNAL, "array `%s` cannot be %g x %g", name,
                  sizes[0], sizes[1]);
    array_plan array = {.name = name,
                        .n_rows = (size_t)sizes[0],
                        .n_columns = (size_t)sizes[1]};
    arrays[i] = array;
  }
  plan->arrays = arrays;
}

static optimizer_kind get_optimizer_kind(SEXP name) {
  const char *kind = get_string(name, "type");
  if (strcmp(kind, "sgd") == 0) return OPTIMIZER_SGD;
  if (strcmp(kind, "rmsprop") == 0) return OPTIMIZER_RMSPROP;
  if (strcmp(kind, "adamw") == 0) return OPTIMIZER_ADAMW;
  raise_error(STATUS_INTERNAL, "there is no optimiser \"%s\"", kind);
}

static optimizer_plan get_optimizer(SEXP list) {
  optimizer_plan plan = {
      .kind = get_optimizer_kind(get_element(list, "type")),
      .beta_1 = get_finite(get_element(list, "beta_1"), "beta_1"),
      .beta_2 = get_finite(get_element(list, "beta_2"), "beta_2"),
      .epsilon = get_finite(get_element(list, "epsilon"), "epsilon"),
      .momentum = get_finite(get_element(list, "momentum"), "momentum")};
  return plan;
}

training_plan get_training_plan(SEXP list, SEXP arrays) {
  training_plan plan = {
      .task = get_string(get_element(list, "task"), "task"),
      .objective = get_string(get_element(list, "objective"), "objective"),
      .optimizer = get_optimizer(get_element(list, "optimizer")),
      .batch_size = get_count(get_element(list, "batch_size"), "batch_size"),
      .key = get_key(get_element(list, "key"))};
  if (plan.batch_size < 1) raise_error(STATUS_INTERNAL, "`batch_size` is 0");
  get_networks(get_element(list, "networks"), &plan);
  get_groups(get_element(list, "groups"), &plan);
  get_options(get_element(list, "options"), &plan);
  get_arrays(arrays, &plan);
  return plan;
}

const engine *get_engine(SEXP precision) {
  const char *name = get_string(precision, "precision");
  if (strcmp(name, "double") == 0) return &engine_double;
#ifdef KITH_HAVE_SGEMM
  if (strcmp(name, "single") == 0) return &engine_single;
#endif
  raise_error(STATUS_BAD_INPUT,
              "precision \"%s\" is not in this build of kith", name);
}
