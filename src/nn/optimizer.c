/* Optimisers over flat blocks of parameters, gradients and moments. */

#include "nn/plan.h"
#include "nn/real.h"

/* Elements that one thread takes at a time. */
#define ELEMENTS_PER_PIECE 16384

typedef struct {
  size_t n;
  real *parameters, *gradients;
  real *moment_1, *moment_2; /* AdamW: both; SGD: the first, as velocity */
} parameter_blocks;

/* AdamW (Loshchilov & Hutter 2019) in the order of PyTorch's torch.optim:
 * decay first, then the step with bias-corrected moments. */
FOR_EACH_CPU
static void adamw_piece(size_t n, real *parameters, const real *gradients,
                        real *moment_1, real *moment_2, real scale, real decay,
                        real beta_1, real fresh_1, real beta_2, real fresh_2,
                        real step_size, real correction, real epsilon) {
  SIMD for (size_t j = 0; j < n; ++j) {
    real g = gradients[j] * scale;
    moment_1[j] = beta_1 * moment_1[j] + fresh_1 * g;
    moment_2[j] = beta_2 * moment_2[j] + fresh_2 * g * g;
    parameters[j] = parameters[j] * decay -
                    step_size * moment_1[j] /
                        (real_sqrt(moment_2[j]) * correction + epsilon);
  }
}

/* SGD with momentum and L2 penalty as in torch.optim.SGD: the velocity
 * starts as the first gradient. */
FOR_EACH_CPU
static void sgd_piece(size_t n, real *parameters, const real *gradients,
                      real *velocity, real scale, real penalty, real momentum,
                      real learning_rate) {
  SIMD for (size_t j = 0; j < n; ++j) {
    real g = gradients[j] * scale + penalty * parameters[j];
    velocity[j] = momentum * velocity[j] + g;
    parameters[j] -= learning_rate * velocity[j];
  }
}

FOR_EACH_CPU
static double squares_piece(size_t n, const real *gradients) {
  double total = 0;
  SIMD_SUM(total)
  for (size_t j = 0; j < n; ++j)
    total += (double)gradients[j] * (double)gradients[j];
  return total;
}

/* The L2 norm of all gradients. piece_squares has a place for each piece. */
static double gradient_norm(const parameter_blocks *blocks,
                            double *piece_squares, int n_threads) {
  int n_pieces = count_pieces(blocks->n, ELEMENTS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, blocks->n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ELEMENTS_PER_PIECE;
    piece_squares[piece] =
        squares_piece(smaller(ELEMENTS_PER_PIECE, blocks->n - first),
                      blocks->gradients + first);
  }
  double total = 0;
  for (int piece = 0; piece < n_pieces; ++piece) total += piece_squares[piece];
  return sqrt(total);
}

/* Step number t (from 1) with gradients scaled by `scale`. */
static void optimizer_step(const optimizer_plan *plan,
                           const parameter_blocks *blocks, double t,
                           double learning_rate, double scale, int n_threads) {
  int n_pieces = count_pieces(blocks->n, ELEMENTS_PER_PIECE);
  double step_size = learning_rate / (1 - pow(plan->beta_1, t));
  double correction = 1 / sqrt(1 - pow(plan->beta_2, t));
  PARALLEL_FOR(threads_for(n_threads, blocks->n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ELEMENTS_PER_PIECE;
    size_t n = smaller(ELEMENTS_PER_PIECE, blocks->n - first);
    real *parameters = blocks->parameters + first;
    const real *gradients = blocks->gradients + first;
    if (plan->kind == OPTIMIZER_ADAMW)
      adamw_piece(n, parameters, gradients, blocks->moment_1 + first,
                  blocks->moment_2 + first, C(scale),
                  C(1 - learning_rate * plan->weight_decay), C(plan->beta_1),
                  C(1 - plan->beta_1), C(plan->beta_2), C(1 - plan->beta_2),
                  C(step_size), C(correction), C(plan->epsilon));
    else
      sgd_piece(n, parameters, gradients, blocks->moment_1 + first, C(scale),
                C(plan->weight_decay), C(plan->momentum), C(learning_rate));
  }
}
