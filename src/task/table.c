/* The table of tasks: the one place that names them all. */

#include "task/tasks.h"

static const task_type *const task_types[] = {
    &associations_task,       &pair_ranking_task,    &ranking_task,
    &response_captions_task,  &response_pairs_task,  &samples_bootstrap_task,
    &samples_contrast_task,   &samples_labels_task,  &samples_reconstruct_task,
    &sequences_contrast_task, &sequences_labels_task};

static const task_type *find_task_type(const char *name) {
  for (size_t i = 0; i < sizeof task_types / sizeof *task_types; ++i)
    if (strcmp(task_types[i]->name, name) == 0) return task_types[i];
  return NULL;
}
