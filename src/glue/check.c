#include "glue/check.h"

#include "base/arena.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The class that R gives an error, beside "kith_error". */
static const char *error_class(status_code code) {
  switch (code) {
    case STATUS_BAD_INPUT:
    case STATUS_EXHAUSTED:
      return "kith_error_input";
    case STATUS_NO_MEMORY:
      return "kith_error_memory";
    case STATUS_NOT_FINITE:
      return "kith_error_loss";
    default:
      return "kith_error_internal";
  }
}

/* Has raise_engine_error() of R/conditions.R raise the condition: C has no
 * way to give it a class. Memory from R_alloc is freed as after Rf_error. */
static NORET void raise_message(status_code code, const char *message) {
  SEXP space = PROTECT(R_FindNamespace(PROTECT(Rf_mkString("kith"))));
  SEXP class = PROTECT(Rf_mkString(error_class(code)));
  SEXP text = PROTECT(Rf_mkString(message));
  SEXP call = PROTECT(Rf_lang3(Rf_install("raise_engine_error"), class, text));
  Rf_eval(call, space);
  Rf_error("%s", message); /* not reached */
}

NORET void raise_error(status_code code, const char *format, ...) {
  char message[sizeof((status *)NULL)->message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  raise_message(code, message);
}

double_matrix get_double_matrix(SEXP x, const char *name) {
  if (!Rf_isReal(x) || !Rf_isMatrix(x))
    raise_error(STATUS_INTERNAL, "`%s` is not a double matrix", name);
  double_matrix matrix = {REAL_RO(x), (size_t)Rf_nrows(x),
                          (size_t)Rf_ncols(x)};
  return matrix;
}

void check_columns(double_matrix x, size_t n_columns, const char *name) {
  if (x.n_columns != n_columns)
    raise_error(STATUS_INTERNAL, "`%s` has %.0f columns, not %.0f", name,
                (double)x.n_columns, (double)n_columns);
}

const double *get_doubles(SEXP x, size_t length, const char *name) {
  if (!Rf_isReal(x) || (size_t)XLENGTH(x) != length)
    raise_error(STATUS_INTERNAL, "`%s` is not a double vector of length %.0f",
                name, (double)length);
  return REAL_RO(x);
}

const int *get_ints(SEXP x, size_t length, const char *name) {
  if (TYPEOF(x) != INTSXP || (size_t)XLENGTH(x) != length)
    raise_error(STATUS_INTERNAL,
                "`%s` is not an integer vector of length %.0f", name,
                (double)length);
  return INTEGER_RO(x);
}

const int *get_flags(SEXP x, size_t length, const char *name) {
  if (!Rf_isLogical(x) || (size_t)XLENGTH(x) != length)
    raise_error(STATUS_INTERNAL, "`%s` is not a logical vector of length %.0f",
                name, (double)length);
  return LOGICAL_RO(x);
}

static const int *get_range(SEXP x, size_t length, int lowest, size_t n,
                            const char *name) {
  const int *indices = get_ints(x, length, name);
  for (size_t i = 0; i < length; ++i)
    if (indices[i] < lowest || (indices[i] >= 0 && (size_t)indices[i] >= n))
      raise_error(STATUS_INTERNAL, "`%s` holds an index out of range", name);
  return indices;
}

const int *get_indices(SEXP x, size_t length, size_t n, const char *name) {
  return get_range(x, length, 0, n, name);
}

const int *get_indices_or_none(SEXP x, size_t length, size_t n,
                               const char *name) {
  return get_range(x, length, -1, n, name);
}

double get_double(SEXP x, const char *name) {
  return *get_doubles(x, 1, name);
}

int get_int(SEXP x, const char *name) {
  int value = *get_ints(x, 1, name);
  if (value == NA_INTEGER) raise_error(STATUS_INTERNAL, "`%s` is NA", name);
  return value;
}

size_t get_count(SEXP x, const char *name) {
  double value = Rf_isReal(x) ? get_double(x, name) : get_int(x, name);
  if (!(value >= 0) || value > 0x1p52 || value != (double)(size_t)value)
    raise_error(STATUS_INTERNAL, "`%s` is not a count", name);
  return (size_t)value;
}

const char *get_string(SEXP x, const char *name) {
  if (!Rf_isString(x) || XLENGTH(x) != 1 || STRING_ELT(x, 0) == NA_STRING)
    raise_error(STATUS_INTERNAL, "`%s` is not a string", name);
  return CHAR(STRING_ELT(x, 0));
}

SEXP get_element(SEXP list, const char *name) {
  if (TYPEOF(list) == VECSXP) {
    SEXP names = PROTECT(Rf_getAttrib(list, R_NamesSymbol));
    for (R_xlen_t i = 0; i < Rf_xlength(names); ++i) {
      if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0) {
        UNPROTECT(1);
        return VECTOR_ELT(list, i);
      }
    }
    UNPROTECT(1);
  }
  raise_error(STATUS_INTERNAL, "a list has no element `%s`", name);
}

uint64_t get_key(SEXP x) {
  const double *halves = get_doubles(x, 2, "key");
  return (uint64_t)halves[0] << 32 | (uint64_t)halves[1];
}

double get_number(SEXP x, const char *name) {
  double value = get_double(x, name);
  if (ISNAN(value)) raise_error(STATUS_INTERNAL, "`%s` is NA", name);
  return value;
}

double get_finite(SEXP x, const char *name) {
  double value = get_double(x, name);
  if (!isfinite(value))
    raise_error(STATUS_INTERNAL, "`%s` is not finite", name);
  return value;
}

void raise_failure(const status *st) {
  if (st->code != STATUS_OK) raise_message(st->code, st->message);
}

void *scratch_unset(size_t count, size_t size) {
  size_t bytes;
  if (!size_multiply(count, size, &bytes))
    raise_error(STATUS_NO_MEMORY, "cannot allocate %.0f elements",
                (double)count);
  return R_alloc(bytes > 0 ? bytes : 1, 1);
}

void *scratch(size_t count, size_t size) {
  void *block = scratch_unset(count, size);
  if (count * size > 0) memset(block, 0, count * size);
  return block;
}

SEXP named_list(int n, const char *const *names, const SEXP *values) {
  SEXP list = PROTECT(Rf_allocVector(VECSXP, n));
  SEXP labels = PROTECT(Rf_allocVector(STRSXP, n));
  for (int i = 0; i < n; ++i) {
    SET_VECTOR_ELT(list, i, values[i]);
    SET_STRING_ELT(labels, i, Rf_mkChar(names[i]));
  }
  Rf_setAttrib(list, R_NamesSymbol, labels);
  UNPROTECT(2);
  return list;
}
