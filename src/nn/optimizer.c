/* The store, and the optimisers that step over its flat blocks. */

#include "nn/store.h"

/* Elements that one thread takes at a time. */
#define ELEMENTS_PER_PIECE 16384

/* ---- laying out ---------------------------------------------------------- */

/* The blocks of a network; writes them to `blocks` unless it is NULL. */
static size_t list_blocks(const network *net, parameter_block *blocks) {
  size_t n_blocks = 0;
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    const size_t n_first = l->n_parameters - l->n_offsets;
    const size_t first = net->first_parameter + l->first_parameter;
    const parameter_block both[] = {{first, n_first},
                                    {first + n_first, l->n_offsets}};
    for (int k = 0; k < 2; ++k) {
      if (both[k].n == 0) continue;
      if (blocks != NULL) blocks[n_blocks] = both[k];
      ++n_blocks;
    }
  }
  return n_blocks;
}

/* The blocks of all networks. */
static void take_blocks(const training_plan *plan, const network *networks,
                        arena *a, store *s) {
  size_t n_blocks = 0;
  for (size_t i = 0; i < plan->n_networks; ++i)
    n_blocks += list_blocks(&networks[i], NULL);
  s->blocks = arena_take(a, n_blocks, sizeof(parameter_block));
  if (s->blocks == NULL) return;
  parameter_block *next = s->blocks;
  for (size_t i = 0; i < plan->n_networks; ++i)
    next += list_blocks(&networks[i], next);
}

/* Groups by the parameters of their networks. Every network is in one group. */
static status_code take_groups(const training_plan *plan,
                               const network *networks, store *s, status *st) {
  if (plan->n_groups == 0 || plan->n_groups > MAX_GROUPS)
    return status_fail(st, STATUS_INTERNAL, "there are %zu groups",
                       plan->n_groups);
  size_t next = 0, next_block = 0;
  s->n_groups = plan->n_groups;
  for (size_t g = 0; g < plan->n_groups; ++g) {
    const group_plan *part = &plan->groups[g];
    if (part->first_network != next || part->n_networks == 0 ||
        part->n_networks > plan->n_networks - next)
      return status_fail(st, STATUS_INTERNAL,
                         "group %zu does not follow the one before", g + 1);
    parameter_group group = {.first = networks[next].first_parameter,
                             .first_block = next_block,
                             .rate = part->rate,
                             .decay = part->decay,
                             .clip = part->clip,
                             .by_block = part->by_block,
                             .frozen = part->frozen};
    for (size_t i = 0; i < part->n_networks; ++i, ++next) {
      group.n += networks[next].n_parameters;
      group.n_blocks += list_blocks(&networks[next], NULL);
    }
    next_block += group.n_blocks;
    s->groups[g] = group;
  }
  if (next != plan->n_networks)
    return status_fail(st, STATUS_INTERNAL, "a network is in no group");
  return STATUS_OK;
}

/* The task's parameters are the last group. */
static void add_task_group(size_t n_task_parameters, store *s) {
  parameter_group group = {.first = s->n - n_task_parameters,
                           .n = n_task_parameters,
                           .rate = 1,
                           .clip = INFINITY};
  if (n_task_parameters > 0) s->groups[s->n_groups++] = group;
}

static status_code store_take(const training_plan *plan,
                              const network *networks,
                              size_t n_task_parameters, size_t n_task_state,
                              arena *a, store *s, status *st) {
  const network *last = &networks[plan->n_networks - 1];
  s->n = last->first_parameter + last->n_parameters + n_task_parameters;
  s->n_state = last->first_state + last->n_state + n_task_state;
  s->parameters = arena_take(a, s->n, sizeof(real));
  s->gradients = arena_take(a, s->n, sizeof(real));
  s->moment_1 = arena_take(a, s->n, sizeof(real));
  s->moment_2 = arena_take(a, s->n, sizeof(real));
  s->state = arena_take(a, s->n_state, sizeof(real));
  s->piece_squares = arena_take(
      a, (size_t)count_pieces(s->n, ELEMENTS_PER_PIECE), sizeof(double));
  take_blocks(plan, networks, a, s);
  if (take_groups(plan, networks, s, st)) return st->code;
  add_task_group(n_task_parameters, s);
  return STATUS_OK;
}

/* ---- steps --------------------------------------------------------------- */

/* A mean that decays while gradients are 0 (those of a dead unit) would end in
 * numbers that are too small to be normal, which processors are slow with. */
#ifdef KITH_SINGLE
#define SMALLEST_MEAN 1e-30f
#else
#define SMALLEST_MEAN 1e-290
#endif

KERNEL_INLINE real without_tiny(real mean) {
  return real_abs(mean) < SMALLEST_MEAN ? 0 : mean;
}

/* AdamW (Loshchilov & Hutter 2019) in the order of PyTorch's torch.optim:
 * decay first, then the step with bias-corrected moments. */
FOR_EACH_CPU
static void adamw_piece(size_t n, real *parameters, const real *gradients,
                        real *moment_1, real *moment_2, real scale, real decay,
                        real beta_1, real fresh_1, real beta_2, real fresh_2,
                        real step_size, real correction, real epsilon) {
  SIMD for (size_t j = 0; j < n; ++j) {
    real g = gradients[j] * scale;
    moment_1[j] = without_tiny(beta_1 * moment_1[j] + fresh_1 * g);
    moment_2[j] = without_tiny(beta_2 * moment_2[j] + fresh_2 * g * g);
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
    velocity[j] = without_tiny(momentum * velocity[j] + g);
    parameters[j] -= learning_rate * velocity[j];
  }
}

/* RMSprop with L2 penalty as in torch.optim.RMSprop. */
FOR_EACH_CPU
static void rmsprop_piece(size_t n, real *parameters, const real *gradients,
                          real *squares, real scale, real penalty, real kept,
                          real fresh, real learning_rate, real epsilon) {
  SIMD for (size_t j = 0; j < n; ++j) {
    real g = gradients[j] * scale + penalty * parameters[j];
    squares[j] = without_tiny(kept * squares[j] + fresh * g * g);
    parameters[j] -= learning_rate * g / (real_sqrt(squares[j]) + epsilon);
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

/* The L2 norm of the gradients of a part of the store. */
static double gradient_norm(const store *s, parameter_block part,
                            int n_threads) {
  const real *gradients = s->gradients + part.first;
  int n_pieces = count_pieces(part.n, ELEMENTS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, part.n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t first = (size_t)piece * ELEMENTS_PER_PIECE;
    s->piece_squares[piece] = squares_piece(
        smaller(ELEMENTS_PER_PIECE, part.n - first), gradients + first);
  }
  double total = 0;
  for (int piece = 0; piece < n_pieces; ++piece)
    total += s->piece_squares[piece];
  return sqrt(total);
}

/* The factor that keeps gradients within a norm, as torch.nn.utils has it. */
static double clip_scale(const store *s, parameter_block part, double clip,
                         int n_threads) {
  if (!isfinite(clip)) return 1;
  double scale = clip / (gradient_norm(s, part, n_threads) + 1e-6);
  return scale < 1 ? scale : 1;
}

/* The step of a part of a group, which is clipped by itself. */
static void part_step(const optimizer_plan *plan, const store *s,
                      const parameter_group *group, parameter_block part,
                      double t, double learning_rate, int n_threads) {
  const double scale = clip_scale(s, part, group->clip, n_threads);
  const double rate = learning_rate * group->rate;
  const double step_size = rate / (1 - pow(plan->beta_1, t));
  const double correction = 1 / sqrt(1 - pow(plan->beta_2, t));
  int n_pieces = count_pieces(part.n, ELEMENTS_PER_PIECE);
  PARALLEL_FOR(threads_for(n_threads, part.n))
  for (int piece = 0; piece < n_pieces; ++piece) {
    size_t within = (size_t)piece * ELEMENTS_PER_PIECE;
    size_t n = smaller(ELEMENTS_PER_PIECE, part.n - within);
    size_t first = part.first + within;
    if (plan->kind == OPTIMIZER_ADAMW)
      adamw_piece(n, s->parameters + first, s->gradients + first,
                  s->moment_1 + first, s->moment_2 + first, C(scale),
                  C(1 - rate * group->decay), C(plan->beta_1),
                  C(1 - plan->beta_1), C(plan->beta_2), C(1 - plan->beta_2),
                  C(step_size), C(correction), C(plan->epsilon));
    else if (plan->kind == OPTIMIZER_RMSPROP)
      rmsprop_piece(n, s->parameters + first, s->gradients + first,
                    s->moment_2 + first, C(scale), C(group->decay),
                    C(plan->beta_2), C(1 - plan->beta_2), C(rate),
                    C(plan->epsilon));
    else
      sgd_piece(n, s->parameters + first, s->gradients + first,
                s->moment_1 + first, C(scale), C(group->decay),
                C(plan->momentum), C(rate));
  }
}

static void group_step(const optimizer_plan *plan, const store *s,
                       const parameter_group *group, double t,
                       double learning_rate, int n_threads) {
  if (!group->by_block) {
    parameter_block all = {group->first, group->n};
    part_step(plan, s, group, all, t, learning_rate, n_threads);
    return;
  }
  for (size_t i = 0; i < group->n_blocks; ++i)
    part_step(plan, s, group, s->blocks[group->first_block + i], t,
              learning_rate, n_threads);
}

static void optimizer_step(const optimizer_plan *plan, const store *s,
                           double t, double learning_rate, int n_threads) {
  for (size_t g = 0; g < s->n_groups; ++g)
    if (!s->groups[g].frozen)
      group_step(plan, s, &s->groups[g], t, learning_rate, n_threads);
}
