#include "seq/text.h"

#include "glue/check.h"
#include "glue/entries.h"

#include <R_ext/Utils.h>

#include <limits.h>
#include <string.h>

/* Texts between two looks at interrupts. */
#define TEXTS_PER_BLOCK 1024

/* A text of R in lower case, in memory that is as long as the longest needs. */
typedef struct {
  char *plain;
  size_t length;
} text_buffer;

static text_buffer new_text_buffer(SEXP texts) {
  if (TYPEOF(texts) != STRSXP)
    raise_error(STATUS_INTERNAL, "`texts` is not a character vector");
  size_t longest = 0;
  for (R_xlen_t i = 0; i < XLENGTH(texts); ++i) {
    size_t length = (size_t)XLENGTH(STRING_ELT(texts, i));
    if (length > longest) longest = length;
  }
  text_buffer buffer = {scratch_unset(PLAIN_LENGTH(longest), 1), 0};
  return buffer;
}

static void read_text(text_buffer *buffer, SEXP texts, R_xlen_t i) {
  SEXP text = STRING_ELT(texts, i);
  if (i % TEXTS_PER_BLOCK == 0) R_CheckUserInterrupt();
  buffer->length =
      plain_text(CHAR(text), (size_t)XLENGTH(text), buffer->plain);
}

/* Shares of hashed words and trigrams: a matrix texts x columns. */
SEXP C_text_frequencies(SEXP texts, SEXP n_columns) {
  text_buffer buffer = new_text_buffer(texts);
  size_t n = (size_t)XLENGTH(texts), width = get_count(n_columns, "n_columns");
  if (width < 1 || width > INT_MAX || n > INT_MAX)
    raise_error(STATUS_INTERNAL, "`n_columns` is out of range");
  double *row = scratch_unset(width, sizeof *row);
  SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)width));
  double *out = REAL(result);
  for (size_t i = 0; i < n; ++i) {
    read_text(&buffer, texts, (R_xlen_t)i);
    text_frequencies(buffer.plain, buffer.length, width, row);
    for (size_t j = 0; j < width; ++j) out[j * n + i] = row[j];
  }
  UNPROTECT(1);
  return result;
}

/* list(tokens = a matrix texts x longest, needed = how many tokens each text
 * has, if it were not cut). */
SEXP C_text_tokens(SEXP texts, SEXP longest, SEXP n_tokens) {
  text_buffer buffer = new_text_buffer(texts);
  size_t n = (size_t)XLENGTH(texts), width = get_count(longest, "longest");
  size_t n_numbers = get_count(n_tokens, "n_tokens");
  if (width < 2 || width > INT_MAX || n > INT_MAX)
    raise_error(STATUS_INTERNAL, "`longest` is out of range");
  if (n_numbers <= FIRST_PIECE || n_numbers > INT_MAX)
    raise_error(STATUS_INTERNAL, "`n_tokens` is out of range");
  int *row = scratch_unset(width, sizeof *row);
  SEXP tokens = PROTECT(Rf_allocMatrix(INTSXP, (int)n, (int)width));
  SEXP needed = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  for (size_t i = 0; i < n; ++i) {
    read_text(&buffer, texts, (R_xlen_t)i);
    memset(row, 0, width * sizeof *row); /* padding */
    REAL(needed)
    [i] = (double)text_tokens(buffer.plain, buffer.length, width, n_numbers,
                              row);
    for (size_t j = 0; j < width; ++j) INTEGER(tokens)[j * n + i] = row[j];
  }
  const char *names[] = {"tokens", "needed"};
  SEXP values[] = {tokens, needed};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}
