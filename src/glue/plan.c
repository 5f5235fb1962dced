#include "glue/plan.h"

#include <string.h>

network_plan get_network_plan(SEXP network) {
  SEXP types = get_element(network, "type");
  size_t n_layers = (size_t)Rf_xlength(types);
  const double *n_out =
      get_doubles(get_element(network, "n_out"), n_layers, "n_out");
  const double *option =
      get_doubles(get_element(network, "option"), n_layers, "option");
  layer_plan *layers = scratch(n_layers, sizeof(layer_plan));
  for (size_t i = 0; i < n_layers; ++i) {
    layers[i].type = CHAR(STRING_ELT(types, (R_xlen_t)i));
    layers[i].n_out = (size_t)n_out[i];
    layers[i].option = option[i];
  }
  network_plan plan = {get_count(get_element(network, "n_in"), "n_in"),
                       n_layers, layers};
  return plan;
}

static objective_plan get_objective_plan(SEXP objective) {
  objective_plan plan = {
      get_string(get_element(objective, "type"), "type"),
      get_double(get_element(objective, "temperature"), "temperature"),
      get_int(get_element(objective, "transform_keys"), "transform_keys"),
      get_count(get_element(objective, "n_negatives"), "n_negatives"),
      get_int(get_element(objective, "mask_known"), "mask_known"),
      get_int(get_element(objective, "all_keys"), "all_keys"),
      get_double(get_element(objective, "degree_weight"), "degree_weight"),
      get_double(get_element(objective, "degree_correction"),
                 "degree_correction")};
  return plan;
}

static optimizer_plan get_optimizer_plan(SEXP optimizer) {
  const char *kind = get_string(get_element(optimizer, "type"), "type");
  optimizer_plan plan = {
      strcmp(kind, "sgd") == 0 ? OPTIMIZER_SGD : OPTIMIZER_ADAMW,
      get_double(get_element(optimizer, "weight_decay"), "weight_decay"),
      get_double(get_element(optimizer, "beta_1"), "beta_1"),
      get_double(get_element(optimizer, "beta_2"), "beta_2"),
      get_double(get_element(optimizer, "epsilon"), "epsilon"),
      get_double(get_element(optimizer, "momentum"), "momentum"),
      get_double(get_element(optimizer, "clip_norm"), "clip_norm")};
  return plan;
}

training_plan get_training_plan(SEXP plan, size_t n_genes, size_t n_pairs) {
  training_plan result = {
      get_network_plan(get_element(plan, "network")),
      get_objective_plan(get_element(plan, "objective")),
      get_optimizer_plan(get_element(plan, "optimizer")),
      n_genes,
      n_pairs,
      get_count(get_element(plan, "n_partnered"), "n_partnered"),
      get_count(get_element(plan, "batch_size"), "batch_size"),
      get_key(get_element(plan, "key"))};
  return result;
}

const engine *get_engine(SEXP precision) {
  const char *name = get_string(precision, "precision");
  if (strcmp(name, "double") == 0) return &engine_double;
#ifdef KITH_HAVE_SGEMM
  if (strcmp(name, "single") == 0) return &engine_single;
#endif
  Rf_error("precision \"%s\" is not in this build of kith", name);
}
