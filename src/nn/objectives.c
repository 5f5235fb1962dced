/* The table of objectives. */

#include "nn/objectives.h"

static const objective_type objective_types[] = {
    {"info_nce", 0, 0, info_nce_encodes_second, info_nce_create,
     info_nce_evaluate},
    {"info_nce_uniform", 0, 1, info_nce_uniform_encodes_second,
     info_nce_uniform_create, info_nce_uniform_evaluate},
    {"multi_positive", 1, 0, NULL, multi_positive_create,
     multi_positive_evaluate}};

static const objective_type *find_objective_type(const char *name) {
  for (size_t i = 0; i < sizeof objective_types / sizeof *objective_types; ++i)
    if (strcmp(objective_types[i].name, name) == 0) return &objective_types[i];
  return NULL;
}

/* The plan must stay where it is as long as the objective is in use. */
static status_code objective_create(const training_plan *plan, size_t d,
                                    arena *a, objective *o, status *st) {
  memset(o, 0, sizeof *o);
  o->plan = &plan->objective;
  o->type = find_objective_type(o->plan->type);
  if (o->type == NULL)
    return status_fail(st, STATUS_INTERNAL, "there is no objective \"%s\"",
                       o->plan->type);
  o->type->create(plan, d, a, o);
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "a batch of %zu items does not fit into memory",
                       plan->batch_size);
  return STATUS_OK;
}
