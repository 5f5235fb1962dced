#include "eval/kernel.h"

#include "base/blas.h"
#include "base/threads.h"
#include "eval/dot.h"

#include <math.h>

void row_squares(const double *x, size_t n, size_t d, double *squares) {
  for (size_t i = 0; i < n; ++i) squares[i] = dot(x + i * d, x + i * d, d);
}

/* Products become kernel values; squares: |centre|^2. */
static void kernel_row(double square, const double *squares, size_t n,
                       double width, double *row) {
  for (size_t j = 0; j < n; ++j) {
    double distance = square + squares[j] - 2 * row[j];
    row[j] = distance <= 0 ? 1 : exp(-sqrt(distance) / width);
  }
}

void laplace_kernel(const double *x, size_t first, size_t last,
                    const double *centres, const double *squares,
                    size_t n_centres, size_t d, double width, int n_threads,
                    double *kernel) {
  multiply_rows(x + first * d, last - first, centres, n_centres, d, kernel,
                n_threads);
  PARALLEL_FOR(n_threads)
  for (size_t i = first; i < last; ++i)
    kernel_row(dot(x + i * d, x + i * d, d), squares, n_centres, width,
               kernel + (i - first) * n_centres);
}

void kernel_product(const double *x, size_t first, size_t last,
                    const double *centres, const double *squares,
                    size_t n_centres, size_t d, double width,
                    const double *coefficients, size_t n_columns,
                    int n_threads, double *kernel, double *result) {
  laplace_kernel(x, first, last, centres, squares, n_centres, d, width,
                 n_threads, kernel);
  product_shape shape = {.m = last - first,
                         .n = n_columns,
                         .k = n_centres,
                         .lda = n_centres,
                         .ldb = n_columns,
                         .ldc = n_columns};
  product_double(&shape, 1, kernel, coefficients, 0, result, n_threads);
}
