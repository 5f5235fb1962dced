/* Making a trainer: what it holds, how large that is, and where it starts.
 * Everything lies in one arena that is sized before training. */

#include "base/team.h"
#include "nn/engine.h"
#include "nn/layers.h"
#include "nn/objectives.h"

struct trainer {
  training_plan plan;
  network net;
  objective objective;
  parameter_blocks blocks;
  double *piece_squares; /* scratch of the gradient norm */
  real *x;               /* n_genes x n_in */
  int *first, *second;   /* n_pairs */
  partner_lists known;
  key_set keys;       /* where the objective goes by genes */
  int *anchors;       /* likewise: the genes with a partner */
  size_t n_items;     /* of an epoch: pairs, or anchors */
  int *order;         /* of the items in this epoch */
  int *slot_of_gene;  /* n_genes: row of the batch's encodings, or -1 */
  int *encoded_genes; /* which gene a row of the encodings is */
  size_t n_encoded;
  int *batch_first, *batch_second; /* batch_size: genes of the batch ... */
  int *first_slot, *second_slot;   /* ... and their rows */
  int *negatives;                  /* 2 x batch_size x n_negatives */
  real *bank;                      /* n_genes x n_out */
  progress at;
  int n_threads; /* of what runs now */
  team team;     /* of the steps of an epoch */
};

/* ---- laying out ---------------------------------------------------------- */

/* Genes that anchors are compared with, where the objective goes by genes. */
static size_t count_keys(const training_plan *plan) {
  return plan->objective.all_keys ? plan->n_genes : plan->n_partnered;
}

/* Genes that a batch has the network encode, at most. */
static size_t rows_of_batch(const training_plan *plan) {
  const objective_plan *aim = &plan->objective;
  const objective_type *type = find_objective_type(aim->type);
  size_t n = plan->batch_size;
  if (type == NULL) return n;
  if (type->by_gene)
    return aim->transform_keys ? count_keys(plan) : smaller(n, plan->n_genes);
  return smaller(type->encodes_second(aim) ? 2 * n : n, plan->n_genes);
}

static status_code trainer_lay_out(const training_plan *plan, arena *a,
                                   trainer **made, status *st) {
  trainer counted; /* stands in while sizes are added up */
  trainer *t = arena_take(a, 1, sizeof(trainer));
  *made = t;
  if (t == NULL) t = &counted;
  memset(t, 0, sizeof *t);
  t->plan = *plan;
  size_t n = plan->batch_size, max_rows = rows_of_batch(plan);
  if (network_create(&plan->network, max_rows, 1, a, &t->net, st) ||
      objective_create(&t->plan, t->net.n_out, a, &t->objective, st))
    return st->code;
  const objective_type *type = t->objective.type;
  if (!plan->objective.transform_keys && t->net.n_out != t->net.n_in)
    return status_fail(st, STATUS_INTERNAL,
                       "raw keys have %zu values, encodings %zu", t->net.n_in,
                       t->net.n_out);
  parameter_blocks *blocks = &t->blocks;
  blocks->n = t->net.n_parameters;
  blocks->parameters = arena_take(a, blocks->n, sizeof(real));
  blocks->gradients = arena_take(a, blocks->n, sizeof(real));
  blocks->moment_1 = arena_take(a, blocks->n, sizeof(real));
  blocks->moment_2 = arena_take(a, blocks->n, sizeof(real));
  t->piece_squares = arena_take(
      a, (size_t)count_pieces(blocks->n, ELEMENTS_PER_PIECE), sizeof(double));
  t->x = arena_take(a, plan->n_genes * plan->network.n_in, sizeof(real));
  t->first = arena_take(a, plan->n_pairs, sizeof(int));
  t->second = arena_take(a, plan->n_pairs, sizeof(int));
  partner_lists_take(plan->n_genes, plan->n_pairs, a, &t->known);
  t->n_items = type->by_gene ? plan->n_partnered : plan->n_pairs;
  t->order = arena_take(a, t->n_items, sizeof(int));
  if (type->by_gene) {
    t->keys.n = count_keys(plan);
    t->keys.genes = arena_take(a, t->keys.n, sizeof(int));
    t->keys.of_gene = arena_take(a, plan->n_genes, sizeof(int));
    t->anchors = arena_take(a, plan->n_partnered, sizeof(int));
  }
  t->slot_of_gene = arena_take(a, plan->n_genes, sizeof(int));
  t->encoded_genes = arena_take(a, max_rows, sizeof(int));
  t->batch_first = arena_take(a, n, sizeof(int));
  t->batch_second = arena_take(a, n, sizeof(int));
  t->first_slot = arena_take(a, n, sizeof(int));
  t->second_slot = arena_take(a, n, sizeof(int));
  if (type->draws_negatives) {
    size_t n_drawn;
    if (!size_multiply(2 * n, plan->objective.n_negatives, &n_drawn))
      a->overflow = 1;
    t->negatives = arena_take(a, n_drawn, sizeof(int));
    t->bank = arena_take(a, plan->n_genes * t->net.n_out, sizeof(real));
  }
  t->n_threads = 1;
  team_start(&t->team, 1);
  t->plan.network.layers = NULL; /* the caller's; t->net has what counts */
  if (a->overflow)
    return status_fail(st, STATUS_NO_MEMORY,
                       "training on %zu genes and %zu pairs does not fit "
                       "into memory",
                       plan->n_genes, plan->n_pairs);
  return STATUS_OK;
}

static status_code trainer_size(const training_plan *plan, size_t *bytes,
                                status *st) {
  arena counting = {NULL, 0, 0};
  trainer *none;
  trainer_lay_out(plan, &counting, &none, st);
  *bytes = counting.used;
  return st->code;
}

static size_t count_partnered(const partner_lists *known) {
  size_t n = 0;
  for (size_t i = 0; i < known->n_genes; ++i)
    n += partner_count(known, (int)i) > 0;
  return n;
}

/* Anchors and keys, in the order of the genes. */
static void choose_keys(trainer *t) {
  size_t n_anchors = 0, n_keys = 0;
  for (size_t i = 0; i < t->plan.n_genes; ++i) {
    int partnered = partner_count(&t->known, (int)i) > 0;
    int is_key = partnered || t->plan.objective.all_keys;
    if (partnered) t->anchors[n_anchors++] = (int)i;
    t->keys.of_gene[i] = is_key ? (int)n_keys : -1;
    if (is_key) t->keys.genes[n_keys++] = (int)i;
  }
}

static status_code trainer_create(const training_plan *plan, void *memory,
                                  const double *x, const int *first,
                                  const int *second, trainer **made,
                                  status *st) {
  arena a = {memory, 0, 0};
  if (trainer_lay_out(plan, &a, made, st)) return st->code;
  trainer *t = *made;
  size_t d = plan->network.n_in;
  for (size_t i = 0; i < plan->n_genes; ++i)
    for (size_t j = 0; j < d; ++j)
      t->x[i * d + j] = C(x[j * plan->n_genes + i]);
  memcpy(t->first, first, plan->n_pairs * sizeof(int));
  memcpy(t->second, second, plan->n_pairs * sizeof(int));
  for (size_t i = 0; i < plan->n_genes; ++i) t->slot_of_gene[i] = -1;
  partner_lists_fill(&t->known, first, second, plan->n_pairs);
  size_t n_partnered = count_partnered(&t->known);
  if (n_partnered != plan->n_partnered)
    return status_fail(st, STATUS_INTERNAL,
                       "%zu genes have a partner, the plan says %zu",
                       n_partnered, plan->n_partnered);
  if (t->objective.type->by_gene) choose_keys(t);
  /* read by a checkpoint, also before the first epoch fills it */
  if (t->bank != NULL)
    memset(t->bank, 0, plan->n_genes * t->net.n_out * sizeof(real));
  memset(t->blocks.moment_1, 0, t->blocks.n * sizeof(real));
  memset(t->blocks.moment_2, 0, t->blocks.n * sizeof(real));
  return STATUS_OK;
}
