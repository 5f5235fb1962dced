#include "eval/tanimoto.h"

#include "base/threads.h"
#include "glue/check.h"
#include "glue/entries.h"

/* Words that a block compares: well below a second. */
#define BLOCK_WORDS ((size_t)1 << 28)
/* Pairs that a block of rows marks: 16 MB. */
#define BLOCK_PAIRS ((size_t)16 << 20)

/* list(words, counts, n_words) as C_pack_bits() made it */
static bit_rows get_bit_rows(SEXP packed) {
  SEXP words = get_element(packed, "words");
  SEXP counts = get_element(packed, "counts");
  size_t n = (size_t)XLENGTH(counts);
  size_t n_words = get_count(get_element(packed, "n_words"), "n_words");
  if (TYPEOF(words) != RAWSXP ||
      (size_t)XLENGTH(words) != n * n_words * sizeof(uint64_t))
    raise_error(STATUS_INTERNAL, "`words` do not fit `counts`");
  bit_rows rows = {.words = (const uint64_t *)(const void *)RAW_RO(words),
                   .counts = get_ints(counts, n, "counts"),
                   .n = n,
                   .n_words = n_words};
  return rows;
}

/* Rows of a block, each compared with n others. */
static size_t block_of(size_t n, size_t n_words, size_t most_pairs) {
  size_t pairs = BLOCK_WORDS / (n_words > 0 ? n_words : 1);
  if (pairs > most_pairs) pairs = most_pairs;
  size_t block = pairs / (n > 0 ? n : 1);
  return block < 1 ? 1 : block;
}

/* ---- .Call entry points ------------------------------------------------- */

/* x: n x d, double, integer or logical; list(words, counts, n_words, at), where
 * `at` is the place (from 1) of the first value that is neither 0 nor 1, 0 if
 * there is none. */
SEXP C_pack_bits(SEXP x) {
  if (!Rf_isMatrix(x) || !(Rf_isReal(x) || Rf_isInteger(x) || Rf_isLogical(x)))
    raise_error(STATUS_INTERNAL, "`x` is no matrix of numbers");
  size_t n = (size_t)Rf_nrows(x), d = (size_t)Rf_ncols(x);
  size_t n_words = words_for_bits(d), size = n * n_words * sizeof(uint64_t);
  SEXP words = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)size));
  SEXP counts = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)n));
  uint64_t *packed = (uint64_t *)(void *)RAW(words);
  for (size_t i = 0; i < n * n_words; ++i) packed[i] = 0;
  for (size_t i = 0; i < n; ++i) INTEGER(counts)[i] = 0;
  size_t at = Rf_isReal(x)
                  ? pack_doubles(REAL_RO(x), n, d, packed, INTEGER(counts))
                  : pack_ints(Rf_isInteger(x) ? INTEGER_RO(x) : LOGICAL_RO(x),
                              n, d, packed, INTEGER(counts));
  SEXP width = PROTECT(Rf_ScalarInteger((int)n_words));
  SEXP fault = PROTECT(Rf_ScalarReal(at < n * d ? (double)at + 1 : 0));
  const char *names[] = {"words", "counts", "n_words", "at"};
  SEXP values[] = {words, counts, width, fault};
  SEXP result = PROTECT(named_list(4, names, values));
  UNPROTECT(5);
  return result;
}

/* Packed rows x and y; their similarities, rows of x by rows of y. */
SEXP C_tanimoto(SEXP x, SEXP y, SEXP threads) {
  bit_rows left = get_bit_rows(x), right = get_bit_rows(y);
  if (left.n_words != right.n_words)
    raise_error(STATUS_INTERNAL, "`x` and `y` differ in their words");
  int n_threads = threads_usable(get_int(threads, "threads"));
  SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)left.n, (int)right.n));
  size_t block = block_of(left.n, left.n_words, BLOCK_WORDS);
  for (size_t first = 0; first < right.n; first += block) {
    size_t last = right.n - first < block ? right.n : first + block;
    tanimoto_columns(&left, &right, first, last, n_threads,
                     REAL(result) + first * left.n);
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return result;
}

/* Packed rows, sorted by rising counts; the row (from 0) that leads the group
 * of each, where pairs more similar than the threshold share a group. */
SEXP C_tanimoto_groups(SEXP x, SEXP threshold, SEXP threads) {
  bit_rows rows = get_bit_rows(x);
  double least = get_finite(threshold, "threshold");
  int n_threads = threads_usable(get_int(threads, "threads"));
  size_t block = block_of(rows.n, rows.n_words, BLOCK_PAIRS);
  if (block > rows.n) block = rows.n;
  unsigned char *close = scratch_unset(block * rows.n, sizeof *close);
  SEXP leader = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)rows.n));
  for (size_t i = 0; i < rows.n; ++i) INTEGER(leader)[i] = (int)i;
  for (size_t first = 0; first < rows.n; first += block) {
    size_t last = rows.n - first < block ? rows.n : first + block;
    find_close(&rows, first, last, least, n_threads, close);
    join_close(rows.n, first, last, close, INTEGER(leader));
    R_CheckUserInterrupt();
  }
  settle_leaders(rows.n, INTEGER(leader));
  UNPROTECT(1);
  return leader;
}
