#ifdef KITH_HAVE_DLSYM
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#endif

#include "base/blas.h"

#define USE_FC_LEN_T
#include <Rconfig.h>
#include <R_ext/BLAS.h>
#ifndef FCONE
#define FCONE
#endif

#include "base/threads.h"

/* ---- threads of the BLAS ------------------------------------------------ */

typedef void (*set_threads_function)(int);
typedef int (*get_threads_function)(void);
typedef char *(*core_name_function)(void);

/* all set once when the library is loaded */
static set_threads_function blas_set_threads = NULL;
static get_threads_function blas_get_threads = NULL;
static core_name_function blas_core_name = NULL;

#ifdef KITH_HAVE_DLSYM
/* ISO C has no cast from an object to a function pointer; POSIX has both of
 * one size, so the bits are copied. */
static void look_up(const char *name, void *function, size_t size) {
  void *found = dlsym(RTLD_DEFAULT, name);
  unsigned char *from = (unsigned char *)&found, *to = function;
  for (size_t i = 0; i < size && i < sizeof found; ++i) to[i] = from[i];
}
#endif

void blas_start(void) {
#ifdef KITH_HAVE_DLSYM
  look_up("openblas_set_num_threads", &blas_set_threads,
          sizeof blas_set_threads);
  look_up("openblas_get_num_threads", &blas_get_threads,
          sizeof blas_get_threads);
  if (blas_set_threads == NULL) blas_get_threads = NULL;
  look_up("openblas_get_corename", &blas_core_name, sizeof blas_core_name);
#endif
}

int blas_hold(void) {
  if (blas_get_threads == NULL) return 0;
  int n_threads = blas_get_threads();
  if (n_threads != 1) blas_set_threads(1);
  return n_threads;
}

void blas_release(int n_threads) {
  if (n_threads > 1 && blas_set_threads != NULL) blas_set_threads(n_threads);
}

const char *blas_core(void) {
  return blas_core_name == NULL ? NULL : blas_core_name();
}

const char *blas_best_core(void) {
#ifdef KITH_HAVE_TARGET_CLONES
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return "Haswell";
#endif
  return NULL;
}

/* ---- products ----------------------------------------------------------- */

/* Products below this many multiplications are one call. */
#define TILED_FROM 2e6
/* Tiles of a product: enough for eight threads, and few, as each tile has
 * the BLAS copy its rows of a and its columns of b anew. */
#define N_TILES 8
#define MIN_TILE 32

#ifdef KITH_HAVE_SGEMM
void F77_NAME(sgemm)(const char *transa, const char *transb, const int *m,
                     const int *n, const int *k, const float *alpha,
                     const float *a, const int *lda, const float *b,
                     const int *ldb, const float *beta, float *c,
                     const int *ldc FCLEN FCLEN);
#endif

/* One BLAS call on row-major operands: the BLAS is column-major, so it is
 * asked for the transposed product, op(b)' op(a)'. */
typedef void (*tile_product)(const product_shape *shape, const void *alpha,
                             const void *a, const void *b, const void *beta,
                             void *c);

static void tile_double(const product_shape *shape, const void *alpha,
                        const void *a, const void *b, const void *beta,
                        void *c) {
  const char *ta = shape->transpose_a ? "T" : "N";
  const char *tb = shape->transpose_b ? "T" : "N";
  int m = (int)shape->m, n = (int)shape->n, k = (int)shape->k;
  int lda = (int)shape->lda, ldb = (int)shape->ldb, ldc = (int)shape->ldc;
  F77_CALL(dgemm)
  (tb, ta, &n, &m, &k, alpha, b, &ldb, a, &lda, beta, c, &ldc FCONE FCONE);
}

#ifdef KITH_HAVE_SGEMM
static void tile_float(const product_shape *shape, const void *alpha,
                       const void *a, const void *b, const void *beta,
                       void *c) {
  const char *ta = shape->transpose_a ? "T" : "N";
  const char *tb = shape->transpose_b ? "T" : "N";
  int m = (int)shape->m, n = (int)shape->n, k = (int)shape->k;
  int lda = (int)shape->lda, ldb = (int)shape->ldb, ldc = (int)shape->ldc;
  F77_CALL(sgemm)
  (tb, ta, &n, &m, &k, alpha, b, &ldb, a, &lda, beta, c, &ldc FCONE FCONE);
}
#endif

/* Rows and columns of the grid of tiles: the one in which the BLAS copies
 * least, m * columns + n * rows, among those with tiles of a fair size. */
static void choose_grid(size_t m, size_t n, size_t *n_rows,
                        size_t *n_columns) {
  double least = -1;
  *n_rows = *n_columns = 1;
  for (size_t wanted = 1; wanted <= N_TILES; wanted *= 2) {
    size_t rows = wanted, columns = N_TILES / wanted;
    while (rows > 1 && m / rows < MIN_TILE) rows /= 2;
    while (columns > 1 && n / columns < MIN_TILE) columns /= 2;
    double copied = (double)m * (double)columns + (double)n * (double)rows;
    if (rows * columns < *n_rows * *n_columns) continue;
    if (rows * columns > *n_rows * *n_columns || copied < least) {
      least = copied;
      *n_rows = rows;
      *n_columns = columns;
    }
  }
}

static void product(const product_shape *shape, size_t size,
                    tile_product multiply, const void *alpha, const void *a,
                    const void *b, const void *beta, void *c, int n_threads) {
  if (shape->m == 0 || shape->n == 0) return;
  double work = (double)shape->m * (double)shape->n * (double)shape->k;
  if (work < TILED_FROM) {
    multiply(shape, alpha, a, b, beta, c);
    return;
  }
  size_t n_row_tiles, n_column_tiles;
  choose_grid(shape->m, shape->n, &n_row_tiles, &n_column_tiles);
  int n_tiles = (int)(n_row_tiles * n_column_tiles);
  PARALLEL_FOR(n_threads)
  for (int tile = 0; tile < n_tiles; ++tile) {
    size_t row_tile = (size_t)tile / n_column_tiles;
    size_t column_tile = (size_t)tile % n_column_tiles;
    size_t row = shape->m * row_tile / n_row_tiles;
    size_t column = shape->n * column_tile / n_column_tiles;
    product_shape part = *shape;
    part.m = shape->m * (row_tile + 1) / n_row_tiles - row;
    part.n = shape->n * (column_tile + 1) / n_column_tiles - column;
    size_t a_start = shape->transpose_a ? row : row * shape->lda;
    size_t b_start = shape->transpose_b ? column * shape->ldb : column;
    size_t c_start = row * shape->ldc + column;
    multiply(&part, alpha, (const char *)a + a_start * size,
             (const char *)b + b_start * size, beta,
             (char *)c + c_start * size);
  }
}

void product_double(const product_shape *shape, double alpha, const double *a,
                    const double *b, double beta, double *c, int n_threads) {
  product(shape, sizeof(double), tile_double, &alpha, a, b, &beta, c,
          n_threads);
}

#ifdef KITH_HAVE_SGEMM
void product_float(const product_shape *shape, float alpha, const float *a,
                   const float *b, float beta, float *c, int n_threads) {
  product(shape, sizeof(float), tile_float, &alpha, a, b, &beta, c, n_threads);
}
#endif

void multiply_rows(const double *a, size_t m, const double *b, size_t n,
                   size_t d, double *products, int n_threads) {
  product_shape shape = {0, 1, m, n, d, d, d, n};
  product_double(&shape, 1, a, b, 0, products, n_threads);
}
