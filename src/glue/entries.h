#ifndef KITH_GLUE_ENTRIES_H
#define KITH_GLUE_ENTRIES_H

/* Every function that R may call, by the file that defines it. The table in
 * init.c registers them with their number of arguments. */

#define R_NO_REMAP
#include <Rinternals.h>

/* random.c */
SEXP C_draw_key(void);
SEXP C_key_from_seed(SEXP seed);
SEXP C_philox(SEXP counter, SEXP key);

/* pairs.c */
SEXP C_unique_pairs(SEXP a, SEXP b, SEXP score);
SEXP C_split_items(SEXP n, SEXP n_train, SEXP key);
SEXP C_count_unseen(SEXP a, SEXP b, SEXP held_out);
SEXP C_count_degrees(SEXP a, SEXP b, SEXP n_genes);
SEXP C_count_negatives(SEXP left, SEXP right, SEXP a, SEXP b, SEXP n_genes);
SEXP C_uniform_negatives(SEXP left, SEXP right, SEXP a, SEXP b, SEXP n_genes,
                         SEXP n, SEXP key);
SEXP C_matched_negatives(SEXP left, SEXP right, SEXP a, SEXP b, SEXP n_genes,
                         SEXP positives_a, SEXP positives_b, SEXP per_positive,
                         SEXP key);

#endif
