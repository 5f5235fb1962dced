#ifndef KITH_GLUE_CHECK_H
#define KITH_GLUE_CHECK_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define R_NO_REMAP
#include <R.h>
#include <R_ext/Error.h>
#include <Rinternals.h>

/* Read-only views of arguments. The R functions have checked what a user
 * can get wrong, so a failure here is an error of kith and says so. */

/* Raises the R error of a status code, of class "kith_error" and a finer one;
 * does not return. printf-style. */
NORET void raise_error(status_code code, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

typedef struct {
  const double *data; /* column-major, as R stores it */
  size_t n_rows, n_columns;
} double_matrix;

double_matrix get_double_matrix(SEXP x, const char *name);
void check_columns(double_matrix x, size_t n_columns, const char *name);
const double *get_doubles(SEXP x, size_t length, const char *name);
const int *get_ints(SEXP x, size_t length, const char *name);
const int *get_flags(SEXP x, size_t length, const char *name); /* logical */
double get_double(SEXP x, const char *name);
/* A number that is neither NA nor infinite, or any but NA. */
double get_finite(SEXP x, const char *name);
double get_number(SEXP x, const char *name);
int get_int(SEXP x, const char *name);
size_t get_count(SEXP x, const char *name); /* a whole number >= 0 */
const char *get_string(SEXP x, const char *name);
SEXP get_element(SEXP list, const char *name); /* of a named list */

/* Indices from 0 to n - 1; -1 stands for none where that is allowed. */
const int *get_indices(SEXP x, size_t length, size_t n, const char *name);
const int *get_indices_or_none(SEXP x, size_t length, size_t n,
                               const char *name);

/* A key as draw_key() made it: two doubles that hold 32 bits each. */
uint64_t get_key(SEXP x);

/* Raises the R error of a status, if it holds one. */
void raise_failure(const status *st);

/* Zeroed scratch memory that R frees when the .Call ends, also on errors. Never
 * NULL, so that pointers into empty arrays may be moved. */
void *scratch(size_t count, size_t size);

/* The same with whatever the memory held before. */
void *scratch_unset(size_t count, size_t size);

/* list(name = value, ...) */
SEXP named_list(int n, const char *const *names, const SEXP *values);

#endif
