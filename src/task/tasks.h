#ifndef KITH_TASK_TASKS_H
#define KITH_TASK_TASKS_H

#include "nn/task.h"

/* One file for each, the table that finds them by name is in table.c. */
static const task_type associations_task, pair_ranking_task, ranking_task,
    response_captions_task, response_pairs_task, samples_bootstrap_task,
    samples_contrast_task, samples_labels_task, samples_reconstruct_task,
    sequences_contrast_task, sequences_labels_task;

#endif
