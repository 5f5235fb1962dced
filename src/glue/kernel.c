#include "eval/kernel.h"

#include "base/blas.h"
#include "base/threads.h"
#include "eval/dot.h"
#include "glue/check.h"
#include "glue/entries.h"

/* Numbers of a block of kernel rows: 32 MB. */
#define BLOCK_VALUES ((size_t)4 << 20)
#define MAX_BLOCK 512

typedef struct {
  const double *rows; /* row-major */
  double *squares;
  size_t n, d;
} gene_rows;

static gene_rows get_gene_rows(SEXP x, const char *name) {
  double_matrix m = get_double_matrix(x, name);
  double *rows = scratch_unset(m.n_rows * m.n_columns, sizeof *rows);
  double *squares = scratch_unset(m.n_rows, sizeof *squares);
  to_row_major(m.data, m.n_rows, m.n_columns, rows);
  row_squares(rows, m.n_rows, m.n_columns, squares);
  gene_rows result = {rows, squares, m.n_rows, m.n_columns};
  return result;
}

static size_t block_of(size_t n_centres) {
  size_t block = BLOCK_VALUES / (n_centres > 0 ? n_centres : 1);
  return block < 1 ? 1 : block > MAX_BLOCK ? MAX_BLOCK : block;
}

static void check_dimensions(const gene_rows *x, const gene_rows *centres) {
  if (x->d != centres->d)
    raise_error(STATUS_INTERNAL,
                "`x` and `centres` differ "
                "in their number of columns");
}

/* ---- .Call entry points ------------------------------------------------- */

/* x: genes x d, centres: n x d; their kernel, genes x n. */
SEXP C_kernel_matrix(SEXP x, SEXP centres, SEXP width, SEXP threads) {
  gene_rows genes = get_gene_rows(x, "x");
  gene_rows known = get_gene_rows(centres, "centres");
  check_dimensions(&genes, &known);
  double w = get_double(width, "width");
  int n_threads = threads_usable(get_int(threads, "threads"));
  SEXP kernel = PROTECT(Rf_allocMatrix(REALSXP, (int)genes.n, (int)known.n));
  size_t block = block_of(genes.n);
  for (size_t first = 0; first < known.n; first += block) {
    size_t last = known.n - first < block ? known.n : first + block;
    int held = blas_hold(); /* R must not jump away before the release */
    /* columns of the matrix are rows of the kernel of centres and genes */
    laplace_kernel(known.rows, first, last, genes.rows, genes.squares, genes.n,
                   genes.d, w, n_threads, REAL(kernel) + first * genes.n);
    blas_release(held);
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return kernel;
}

/* x: genes x d, centres: n x d, coefficients: n x r; the kernel of x and the
 * centres times the coefficients, genes x r, without the whole kernel. */
SEXP C_kernel_product(SEXP x, SEXP centres, SEXP coefficients, SEXP width,
                      SEXP threads) {
  gene_rows genes = get_gene_rows(x, "x");
  gene_rows known = get_gene_rows(centres, "centres");
  gene_rows weights = get_gene_rows(coefficients, "coefficients");
  check_dimensions(&genes, &known);
  if (weights.n != known.n)
    raise_error(STATUS_INTERNAL,
                "`coefficients` do not "
                "fit `centres`");
  double w = get_double(width, "width");
  int n_threads = threads_usable(get_int(threads, "threads"));
  size_t r = weights.d, block = block_of(known.n);
  double *kernel = scratch_unset(block * known.n, sizeof *kernel);
  double *products = scratch_unset(block * r, sizeof *products);
  SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)genes.n, (int)r));
  for (size_t first = 0; first < genes.n; first += block) {
    size_t last = genes.n - first < block ? genes.n : first + block;
    int held = blas_hold();
    kernel_product(genes.rows, first, last, known.rows, known.squares, known.n,
                   known.d, w, weights.rows, r, n_threads, kernel, products);
    blas_release(held);
    for (size_t i = first; i < last; ++i)
      for (size_t j = 0; j < r; ++j)
        REAL(result)[j * genes.n + i] = products[(i - first) * r + j];
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return result;
}
