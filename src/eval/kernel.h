#ifndef KITH_EVAL_KERNEL_H
#define KITH_EVAL_KERNEL_H

#include <stddef.h>

/* The Laplace kernel exp(-|a - b| / width) between gene vectors. All matrices
 * are row-major. */

/* squares[i] = |row i of x|^2, x n x d. */
void row_squares(const double *x, size_t n, size_t d, double *squares);

/* kernel[i, j] for rows first .. last - 1 of x against all rows of centres
 * (n_centres x d), whose squares are given: (last - first) x n_centres
 * numbers. */
void laplace_kernel(const double *x, size_t first, size_t last,
                    const double *centres, const double *squares,
                    size_t n_centres, size_t d, double width, int n_threads,
                    double *kernel);

/* That kernel times coefficients (n_centres x n_columns), to `result`
 * ((last - first) x n_columns); `kernel` is room for the kernel. */
void kernel_product(const double *x, size_t first, size_t last,
                    const double *centres, const double *squares,
                    size_t n_centres, size_t d, double width,
                    const double *coefficients, size_t n_columns,
                    int n_threads, double *kernel, double *result);

#endif
