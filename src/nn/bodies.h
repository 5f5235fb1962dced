/* All sources that are written once with `real` and compiled by single.c and
 * double.c. Each includes the headers of what it uses; their order here is
 * that of the alphabet. */

#include "nn/cpu_names.h"

#include "nn/activation.c"
#include "nn/batchnorm.c"
#include "nn/blend.c"
#include "nn/conv.c"
#include "nn/dropout.c"
#include "nn/engine.c"
#include "nn/flatten.c"
#include "nn/join.c"
#include "nn/layernorm.c"
#include "nn/linear.c"
#include "nn/loss_heads.c"
#include "nn/loss_info_nce.c"
#include "nn/loss_info_nce_uniform.c"
#include "nn/loss_multi_positive.c"
<<<<<<< HEAD
#include "nn/loss_pairwise.c"
=======
#include "nn/mean_positions.c"
>>>>>>> conv
#include "nn/network.c"
#include "nn/normalize.c"
#include "nn/optimizer.c"
#include "nn/pool.c"
#include "nn/run.c"
#include "nn/slope.c"
#include "task/associations.c"
#include "task/associations_anchors.c"
#include "task/associations_pairs.c"
#include "task/ranking.c"
#include "task/table.c"
#include "task/two_views.c"
