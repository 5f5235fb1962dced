/* Prints the largest relative error of real_exp() in single precision; compiled
 * by tools/check-c.sh in several ways. Exit status 1 if it is too large. */

#define KITH_SINGLE
#include "nn/real.h"

#include <stdio.h>

void product_float(const product_shape *shape, float alpha, const float *a,
                   const float *b, float beta, float *c, int n_threads) {
  (void)shape, (void)alpha, (void)a, (void)b, (void)beta, (void)c;
  (void)n_threads;
}

int main(void) {
  double worst = 0;
  for (int i = -860000; i <= 880000; ++i) {
    volatile float x = (float)i * 1e-4f;
    double error = fabs((double)real_exp(x) / exp((double)x) - 1);
    if (!(error <= worst)) worst = error;
  }
  printf("%g\n", worst);
  return !(worst < 4e-7) || real_exp(-1000) != 0;
}
