#ifndef KITH_TASK_TASKS_H
#define KITH_TASK_TASKS_H

#include "nn/task.h"

/* One file for each, the table that finds them by name is in table.c. */
static const task_type associations_task, pair_ranking_task, ranking_task,
    two_views_task;

#endif
