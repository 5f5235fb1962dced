#ifndef KITH_BASE_BLAS_H
#define KITH_BASE_BLAS_H

#include <stddef.h>

/* The one place for matrix products.
 *
 * All matrices are row-major: a is m x k (k x m if transposed), b is k x n
 * (n x k if transposed), c is m x n, and ld* is the distance between rows.
 *
 *     c = alpha * op(a) op(b) + beta * c
 *
 * The product is cut into tiles by its shape alone; each tile is one call of
 * R's own BLAS, made by one of n_threads threads. With the BLAS itself held
 * to one thread (blas_hold) the result has the same bits for any number of
 * threads. */

typedef struct {
  int transpose_a, transpose_b;
  size_t m, n, k;
  size_t lda, ldb, ldc;
} product_shape;

void product_double(const product_shape *shape, double alpha, const double *a,
                    const double *b, double beta, double *c, int n_threads);

#ifdef KITH_HAVE_SGEMM
void product_float(const product_shape *shape, float alpha, const float *a,
                   const float *b, float beta, float *c, int n_threads);
#endif

/* Each row of a (m x d) by each of b (n x d): products, m x n. */
void multiply_rows(const double *a, size_t m, const double *b, size_t n,
                   size_t d, double *products, int n_threads);

/* Holds the BLAS to one thread and returns the number that it had, or 0
 * where the BLAS has no way to ask; blas_release puts that number back. */
int blas_hold(void);
void blas_release(int n_threads);

/* The processor that the BLAS has its kernels for, or NULL where it does not
 * say. */
const char *blas_core(void);
/* OpenBLAS's name of the newest kernels that this processor can run, NULL for
 * older ones or where the compiler cannot tell. */
const char *blas_best_core(void);

/* Looks once for the functions that these need. */
void blas_start(void);

#endif
