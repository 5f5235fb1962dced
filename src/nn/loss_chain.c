/* Rows in a chain, each reached from the one before by one step r (TransE:
 * Bordes et al. 2013; for numbers in words: CLDR, Li & Hu 2023,
 * arXiv:2312.10707). With L1 norms
 *
 *     p_k = |x_k + r - x_{k+1}|,   q_k = |x_{k+1} + r - x_k|,
 *     loss = share sum_k [max(0, 1 + p_k - q_k) + ahead p_k + back q_k]
 *
 * over the n - 1 neighbours. */

#include "nn/losses.h"

KERNEL_INLINE real sign_of(real x) {
  return x > 0 ? C(1) : (x < 0 ? C(-1) : C(0));
}

/* p and q of one pair of neighbours */
FOR_EACH_CPU
static void chain_distances(size_t d, const real *from, const real *to,
                            const real *step, real *p, real *q) {
  real ahead = 0, back = 0;
  SIMD_SUM(ahead, back)
  for (size_t j = 0; j < d; ++j) {
    const real way = to[j] - from[j];
    ahead += real_abs(step[j] - way);
    back += real_abs(step[j] + way);
  }
  *p = ahead;
  *q = back;
}

/* Adds the gradient of of_p p + of_q q with respect to both rows. */
FOR_EACH_CPU
static void chain_gradient(size_t d, const real *from, const real *to,
                           const real *step, real of_p, real of_q,
                           real *d_from, real *d_to) {
  SIMD for (size_t j = 0; j < d; ++j) {
    const real way = to[j] - from[j];
    const real pull =
        of_p * sign_of(step[j] - way) - of_q * sign_of(step[j] + way);
    d_from[j] += pull;
    d_to[j] -= pull;
  }
}

/* The same with respect to the step. */
FOR_EACH_CPU
static void chain_step_gradient(size_t d, const real *from, const real *to,
                                const real *step, real of_p, real of_q,
                                real *d_step) {
  SIMD for (size_t j = 0; j < d; ++j) {
    const real way = to[j] - from[j];
    d_step[j] += of_p * sign_of(step[j] - way) + of_q * sign_of(step[j] + way);
  }
}

static double chain_loss(const chain_batch *b) {
  const size_t d = b->d;
  double loss = 0;
  for (size_t k = 0; k + 1 < b->n; ++k) {
    const real *from = b->x + k * d, *to = from + d;
    real *d_from = b->d_x + k * d;
    real p, q;
    chain_distances(d, from, to, b->step, &p, &q);
    const double gap = 1 + (double)p - (double)q;
    const double open = gap > 0;
    const real of_p = C(b->share * (open + b->ahead));
    const real of_q = C(b->share * (b->back - open));
    loss += open * gap + b->ahead * (double)p + b->back * (double)q;
    chain_gradient(d, from, to, b->step, of_p, of_q, d_from, d_from + d);
    if (b->d_step != NULL)
      chain_step_gradient(d, from, to, b->step, of_p, of_q, b->d_step);
  }
  return b->share * loss;
}
