/* The table of objectives. */

#include "nn/objectives.h"

static const objective_type objective_types[] = {
    {"info_nce", info_nce_encodes_second, 0, info_nce_create,
     info_nce_evaluate},
    {"info_nce_uniform", info_nce_uniform_encodes_second, 1,
     info_nce_uniform_create, info_nce_uniform_evaluate}};

static const objective_type *find_objective_type(const char *name) {
  for (size_t i = 0; i < sizeof objective_types / sizeof *objective_types; ++i)
    if (strcmp(objective_types[i].name, name) == 0) return &objective_types[i];
  return NULL;
}

static status_code objective_create(const objective_plan *plan,
                                    size_t max_pairs, size_t d, arena *a,
                                    objective *o, status *st) {
  memset(o, 0, sizeof *o);
  o->type = find_objective_type(plan->type);
  if (o->type == NULL)
    return status_fail(st, STATUS_INTERNAL, "there is no objective \"%s\"",
                       plan->type);
  o->plan = plan;
  o->type->create(max_pairs, d, a, o);
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "a batch of %zu pairs does not fit into memory",
                       max_pairs);
  return STATUS_OK;
}
