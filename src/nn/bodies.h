/* The sources of nn/ in the order of their needs: each is written once with
 * `real` and compiled by single.c and double.c. */

#include "nn/gather.c"
#include "nn/linear.c"
#include "nn/layernorm.c"
#include "nn/activation.c"
#include "nn/dropout.c"
#include "nn/normalize.c"
#include "nn/blend.c"
#include "nn/network.c"
#include "nn/info_nce.c"
#include "nn/info_nce_uniform.c"
#include "nn/multi_positive.c"
#include "nn/objectives.c"
#include "nn/optimizer.c"
#include "nn/trainer_create.c"
#include "nn/trainer.c"
#include "nn/engine.c"
