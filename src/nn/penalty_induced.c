/* Penalty of matrix norms, on the weights W (n_out x n_in) of linear layers:
 *
 *     rate_1 * max_j sum_i |w_ij| + rate_2 * (largest singular value of W),
 *
 * the norms that W has as a map between spaces with the 1-norm and the 2-norm
 * (induced norms): what torch.linalg.norm(W, 1) and (W, 2) are. The gradient of
 * the first is the sign of the heaviest column, that of the second u v', with
 * the leading singular vectors. */

#include "nn/penalty.h"

/* Adds rate times the gradient of the largest column sum; returns the sum. */
static double column_norm(const real *weight, size_t n_out, size_t n_in,
                          double rate, real *gradient) {
  double largest = -1;
  size_t heaviest = 0;
  for (size_t j = 0; j < n_in; ++j) {
    double sum = 0;
    for (size_t i = 0; i < n_out; ++i)
      sum += fabs((double)weight[i * n_in + j]);
    if (sum > largest) {
      largest = sum;
      heaviest = j;
    }
  }
  for (size_t i = 0; i < n_out; ++i) {
    real w = weight[i * n_in + heaviest];
    gradient[i * n_in + heaviest] += C(rate) * C((w > 0) - (w < 0));
  }
  return largest;
}

/* gram = W W' (n_out x n_out) */
static void gram_of_rows(const real *weight, size_t n_out, size_t n_in,
                         double *gram) {
  for (size_t i = 0; i < n_out; ++i)
    for (size_t k = 0; k <= i; ++k) {
      double sum = 0;
      for (size_t j = 0; j < n_in; ++j)
        sum += (double)weight[i * n_in + j] * (double)weight[k * n_in + j];
      gram[i * n_out + k] = gram[k * n_out + i] = sum;
    }
}

/* The leading eigenvector of gram by power iteration, to u; the other arrays
 * are room. Returns the eigenvalue. */
static double leading_vector(const double *gram, size_t n, double *u,
                             double *next) {
  /* A sum of all rows with unlike weights: one row alone may have no share of
   * the leading vector. */
  memset(u, 0, n * sizeof *u);
  for (size_t i = 0; i < n; ++i) {
    double weight = 1 + fmod(0.6180339887498949 * (double)i, 1);
    for (size_t k = 0; k < n; ++k) u[k] += weight * gram[i * n + k];
  }
  double value = 0;
  for (int step = 0; step < PENALTY_MAX_STEPS; ++step) {
    double square = 0, change = 0;
    for (size_t i = 0; i < n; ++i) square += u[i] * u[i];
    if (!(square > 0)) return 0;
    const double scale = 1 / sqrt(square);
    for (size_t i = 0; i < n; ++i) u[i] *= scale;
    value = 0;
    for (size_t i = 0; i < n; ++i) {
      next[i] = 0;
      for (size_t k = 0; k < n; ++k) next[i] += gram[i * n + k] * u[k];
      value += next[i] * u[i];
    }
    for (size_t i = 0; i < n; ++i)
      change += (next[i] - value * u[i]) * (next[i] - value * u[i]);
    if (change <= 1e-24 * value * value) break;
    memcpy(u, next, n * sizeof *u);
  }
  return value;
}

/* Adds rate times the gradient of the spectral norm; returns the norm. */
static double spectral_norm(const real *weight, size_t n_out, size_t n_in,
                            double rate, real *gradient, double *scratch) {
  double *gram = scratch, *u = gram + n_out * n_out, *next = u + n_out;
  gram_of_rows(weight, n_out, n_in, gram);
  double norm = sqrt(leading_vector(gram, n_out, u, next));
  if (!(norm > 0)) return 0;
  for (size_t j = 0; j < n_in; ++j) {
    double v = 0;
    for (size_t i = 0; i < n_out; ++i)
      v += (double)weight[i * n_in + j] * u[i];
    for (size_t i = 0; i < n_out; ++i)
      gradient[i * n_in + j] += C(rate * u[i] * v / norm);
  }
  return norm;
}

static size_t induced_scratch(const network *net) {
  size_t widest = 0;
  for (size_t i = 0; i < net->n_layers; ++i)
    if (net->layers[i].type == &linear_layer &&
        net->layers[i].out.channels > widest)
      widest = net->layers[i].out.channels;
  return widest * (widest + 2);
}

static double induced_penalty(const network *net, const real *parameters,
                              double rate_1, double rate_2, real *gradients,
                              double *scratch) {
  double total = 0;
  for (size_t i = 0; i < net->n_layers; ++i) {
    const layer *l = &net->layers[i];
    if (l->type != &linear_layer) continue;
    const real *weight = parameters + l->first_parameter;
    real *gradient = gradients + l->first_parameter;
    total += rate_1 * column_norm(weight, l->out.channels, l->in[0].channels,
                                  rate_1, gradient);
    total += rate_2 * spectral_norm(weight, l->out.channels, l->in[0].channels,
                                    rate_2, gradient, scratch);
  }
  return total;
}
