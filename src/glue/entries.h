#ifndef KITH_GLUE_ENTRIES_H
#define KITH_GLUE_ENTRIES_H

/* Every function that R may call, by the file that defines it. The table in
 * init.c registers them with their number of arguments. */

#define R_NO_REMAP
#include <Rinternals.h>

/* random.c */
SEXP C_draw_key(void);
SEXP C_key_from_seed(SEXP seed);
SEXP C_derive_key(SEXP key, SEXP part, SEXP i);
SEXP C_draw_items(SEXP n, SEXP n_draws, SEXP key);
SEXP C_philox(SEXP counter, SEXP key);

/* train.c */
SEXP C_run_create(SEXP plan, SEXP precision, SEXP shapes);
SEXP C_run_load(SEXP pointer, SEXP name, SEXP values);
SEXP C_run_start(SEXP pointer);
SEXP C_block_read(SEXP pointer, SEXP block);
SEXP C_block_write(SEXP pointer, SEXP block, SEXP values);
SEXP C_progress_read(SEXP pointer);
SEXP C_progress_write(SEXP pointer, SEXP at);
SEXP C_epoch_begin(SEXP pointer, SEXP epoch, SEXP n_threads);
SEXP C_epoch_advance(SEXP pointer, SEXP n_steps, SEXP learning_rate,
                     SEXP n_threads);
SEXP C_epoch_order(SEXP pointer, SEXP epoch);
SEXP C_batch(SEXP pointer, SEXP items, SEXP drawn, SEXP learning_rate,
             SEXP n_threads);
SEXP C_run_output(SEXP pointer, SEXP rows, SEXP n_threads);

/* network.c */
SEXP C_network_table(SEXP network);
SEXP C_network_initialise(SEXP network, SEXP precision, SEXP key);
SEXP C_network_encode(SEXP network, SEXP precision, SEXP parameters,
                      SEXP state, SEXP x, SEXP filled, SEXP n_threads);
SEXP C_network_gradients(SEXP network, SEXP precision, SEXP parameters,
                         SEXP state, SEXP x, SEXP dy, SEXP filled, SEXP key,
                         SEXP stream, SEXP n_threads);
SEXP C_loss_gradients(SEXP name, SEXP precision, SEXP x, SEXP target,
                      SEXP option, SEXP n_threads);
SEXP C_corrupt_rows(SEXP x, SEXP rule, SEXP rate, SEXP fixed, SEXP key,
                    SEXP step, SEXP n_threads);
SEXP C_elementary(SEXP x, SEXP precision);
SEXP C_build_features(void);
SEXP C_threads_give_up(void);
SEXP C_team_sizes(SEXP seconds);
SEXP C_blas_hold(void);
SEXP C_blas_release(SEXP n_threads);

/* files.c */
SEXP C_file_sync(SEXP path);

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
SEXP C_concordance(SEXP predicted, SEXP truth, SEXP weights);
SEXP C_bootstrap_concordance(SEXP predicted, SEXP truth, SEXP unit,
                             SEXP n_units, SEXP draws, SEXP key);
SEXP C_unit_weights(SEXP unit, SEXP n_units, SEXP draw, SEXP key);

/* partners.c */
SEXP C_top_partners(SEXP scorer, SEXP query_genes, SEXP exclusion_starts,
                    SEXP exclusions, SEXP n_top, SEXP threads);
SEXP C_score_pairs(SEXP scorer, SEXP a, SEXP b, SEXP threads);
SEXP C_neighbours(SEXP scorer, SEXP k, SEXP temperature, SEXP threads);
SEXP C_guilt(SEXP neighbours, SEXP starts, SEXP partners, SEXP a, SEXP b,
             SEXP threads);
SEXP C_top_pairs(SEXP x, SEXP group, SEXP least, SEXP n_top, SEXP threads);

/* kernel.c */
SEXP C_kernel_matrix(SEXP x, SEXP centres, SEXP width, SEXP threads);
SEXP C_kernel_product(SEXP x, SEXP centres, SEXP coefficients, SEXP width,
                      SEXP threads);

/* tanimoto.c */
SEXP C_pack_bits(SEXP x);
SEXP C_tanimoto(SEXP x, SEXP y, SEXP threads);
SEXP C_tanimoto_groups(SEXP x, SEXP threshold, SEXP threads);

/* sequences.c */
SEXP C_pack_transcripts(SEXP sequences);
SEXP C_mark_tracks(SEXP codes, SEXP start, SEXP cds_first, SEXP cds_last,
                   SEXP exons, SEXP n_exons);
SEXP C_gather_codes(SEXP codes, SEXP first, SEXP last);
SEXP C_unpack_letters(SEXP codes, SEXP first, SEXP last);
SEXP C_expand_tracks(SEXP codes, SEXP first, SEXP last, SEXP positions,
                     SEXP n_tracks);
SEXP C_longest_orfs(SEXP codes, SEXP first, SEXP last);
SEXP C_word_frequencies(SEXP codes, SEXP first, SEXP last, SEXP k, SEXP step,
                        SEXP threads);
SEXP C_count_exon_ends(SEXP codes, SEXP first, SEXP last);
SEXP C_draw_members(SEXP size, SEXP different, SEXP key, SEXP at);
SEXP C_draw_view(SEXP codes, SEXP rules, SEXP positions, SEXP key, SEXP at);

/* text.c */
SEXP C_text_frequencies(SEXP texts, SEXP n_columns);
SEXP C_text_tokens(SEXP texts, SEXP longest, SEXP n_tokens);

#endif
