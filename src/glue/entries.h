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

/* eval.c */
SEXP C_auc(SEXP scores, SEXP positive, SEXP subset);
SEXP C_average_precision(SEXP scores, SEXP positive);
SEXP C_weighted_auc(SEXP scores, SEXP positive, SEXP weights);
SEXP C_mid_ranks(SEXP x);
SEXP C_spearman(SEXP x, SEXP y);
SEXP C_bootstrap_auc(SEXP scores, SEXP positive, SEXP gene_a, SEXP gene_b,
                     SEXP n_genes, SEXP draws, SEXP key, SEXP threads);
SEXP C_bootstrap_weights(SEXP positive, SEXP gene_a, SEXP gene_b, SEXP n_genes,
                         SEXP draw, SEXP key);

/* partners.c */
SEXP C_top_partners(SEXP left, SEXP right, SEXP query_genes,
                    SEXP exclusion_starts, SEXP exclusions, SEXP n_top,
                    SEXP threads);
SEXP C_dot_pairs(SEXP left, SEXP right, SEXP a, SEXP b, SEXP threads);
SEXP C_neighbours(SEXP x, SEXP training, SEXP k, SEXP temperature,
                  SEXP threads);
SEXP C_guilt(SEXP neighbours, SEXP starts, SEXP partners, SEXP a, SEXP b,
             SEXP threads);

#endif
