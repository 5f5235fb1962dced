#ifndef KITH_NN_REAL_H
#define KITH_NN_REAL_H

/* One body of code, two precisions. The sources of nn/ write `real` and are
 * compiled twice, through single.c (KITH_SINGLE defined) and double.c. */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/blas.h"
#include "base/threads.h"

#ifdef KITH_SINGLE
typedef float real;
#define REAL_NAME(name) name##_single
#define real_product product_float
#define real_sqrt sqrtf
#define real_abs fabsf
#else
typedef double real;
#define REAL_NAME(name) name##_double
#define real_product product_double
#define real_sqrt sqrt
#define real_abs fabs
#endif

#define C(value) ((real)(value))

/* Rows (or columns) that one thread takes at a time. */
#define ROWS_PER_PIECE 8
#define COLUMNS_PER_PIECE 64

/* Number of pieces of a length. */
static inline int count_pieces(size_t length, size_t piece) {
  return (int)((length + piece - 1) / piece);
}

static inline size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* ---- elementary functions that a compiler can vectorise ------------------ */

#ifdef KITH_SINGLE

/* real_exp() rounds to a whole number by a sum that must be rounded to float
 * as it is written: not so where sums are kept in longer registers (x87) or
 * may be reordered (-ffast-math). */
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0 && \
    !defined(__FAST_MATH__) && !defined(__ASSOCIATIVE_MATH__)
#define FLOAT_SUMS_ARE_EXACT
#endif

/* exp(x), relative error below 2e-7; 0 below -87 and a large finite number
 * above 88. exp(x) = 2^n exp(r), |r| <= log(2) / 2. */
#ifdef FLOAT_SUMS_ARE_EXACT
KERNEL_INLINE real real_exp(real x) {
  const float round_to_whole = 12582912.0f; /* 1.5 * 2^23 */
  float inside = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  float shifted = inside * 1.44269504f + round_to_whole;
  float n = shifted - round_to_whole;
  float r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;
  float tail = 0.166666308f +
               r * (0.0416666219f + r * (0.00835720493f + r * 0.00139187197f));
  float power = 1.0f + r + r * r * (0.5f + r * tail);
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4B400000u + 127u) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  return x < -87.0f ? 0.0f : power * scale;
}
#else
KERNEL_INLINE real real_exp(real x) {
  float inside = x > 88.0f ? 88.0f : x;
  return x < -87.0f ? 0.0f : expf(inside);
}
#endif

/* log(1 + x) for x from 0 to 1, relative error below 2e-7: twice the artanh of
 * s = x / (2 + x), of which so many terms are enough as s is at most 1/3. */
KERNEL_INLINE real real_log1p(real x) {
  float s = x / (2.0f + x), q = s * s;
  float p = 1.0f / 11.0f + q * (1.0f / 13.0f);
  p = 1.0f / 9.0f + q * p;
  p = 1.0f / 7.0f + q * p;
  p = 1.0f / 5.0f + q * p;
  p = 1.0f / 3.0f + q * p;
  return 2.0f * s * (1.0f + q * p);
}

/* exp(u^2 / 2) times the upper tail of the normal distribution at u >= 0, so
 * that a single exponential serves both the distribution and the density: a
 * polynomial in t = 1 / (1 + 0.21 u), relative error below 2e-7. */
KERNEL_INLINE real scaled_normal_tail(real u) {
  float t = 1.0f / (1.0f + 0.21f * u);
  float p = -0.0720356583f;
  p = p * t + 0.285461382f;
  p = p * t - 0.334205795f;
  p = p * t + 0.354051756f;
  p = p * t - 0.0972580276f;
  p = p * t + 0.126360347f;
  p = p * t + 0.0687887111f;
  p = p * t + 0.0851295963f;
  p = p * t + 0.0837076916f;
  return p * t;
}

#else

static inline real real_exp(real x) {
  return exp(x);
}

static inline real real_log1p(real x) {
  return log1p(x);
}

#endif

/* The standard normal distribution function and density at x. */
KERNEL_INLINE void normal_distribution(real x, real *distribution,
                                       real *density) {
  real bell = real_exp(C(-0.5) * x * x);
#ifdef KITH_SINGLE
  real tail = bell * scaled_normal_tail(real_abs(x));
  *distribution = x < 0 ? tail : 1 - tail;
#else
  *distribution = 0.5 * erfc(-x * 0.70710678118654752440);
#endif
  *density = C(0.39894228040143267794) * bell;
}

#endif
