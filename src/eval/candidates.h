#ifndef KITH_EVAL_CANDIDATES_H
#define KITH_EVAL_CANDIDATES_H

#include <stddef.h>

/* Searches among products of the BLAS, whose last bits depend on the BLAS and
 * on blocks: they only tell which pairs can be among the best, those are
 * scored by dot() in a fixed order. */

/* Rows of a block of products: some 32 MB, at least one, at most n_rows. */
size_t product_block(size_t n_rows, size_t n_columns);

/* The first place >= from whose product reaches the cut, or n. */
size_t next_candidate(const double *products, size_t from, size_t n,
                      double cut);

/* By how much a product of the BLAS and a dot() of a row of length d and any
 * row no longer than `longest` can differ: each is off by at most d roundings
 * of |left| |right| / 2^53. */
double product_slack(const double *left, size_t d, double longest);

#endif
