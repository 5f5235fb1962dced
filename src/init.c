#include "base/blas.h"
#include "base/threads.h"
#include "glue/entries.h"

#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

/* The step over void (*)(void) tells compilers that the cast is meant. */
#define ENTRY(name, n_arguments) \
  { #name, (DL_FUNC)(void (*)(void))name, n_arguments }

static const R_CallMethodDef entries[] = {
    /* random.c */
    ENTRY(C_draw_key, 0),
    ENTRY(C_key_from_seed, 1),
    ENTRY(C_derive_key, 3),
    ENTRY(C_draw_items, 3),
    ENTRY(C_philox, 2),
    /* train.c */
    ENTRY(C_run_create, 3),
    ENTRY(C_run_load, 3),
    ENTRY(C_run_start, 1),
    ENTRY(C_block_read, 2),
    ENTRY(C_block_write, 3),
    ENTRY(C_progress_read, 1),
    ENTRY(C_progress_write, 2),
    ENTRY(C_epoch_begin, 3),
    ENTRY(C_epoch_advance, 4),
    ENTRY(C_epoch_order, 2),
    ENTRY(C_batch, 5),
    ENTRY(C_run_output, 3),
    /* network.c */
    ENTRY(C_network_table, 1),
    ENTRY(C_network_initialise, 3),
    ENTRY(C_network_encode, 7),
    ENTRY(C_network_gradients, 10),
    ENTRY(C_loss_gradients, 6),
    ENTRY(C_corrupt_rows, 7),
    ENTRY(C_elementary, 2),
    ENTRY(C_build_features, 0),
    ENTRY(C_threads_give_up, 0),
    ENTRY(C_team_sizes, 1),
    ENTRY(C_blas_hold, 0),
    ENTRY(C_blas_release, 1),
    /* files.c */
    ENTRY(C_file_sync, 1),
    /* pairs.c */
    ENTRY(C_unique_pairs, 3),
    ENTRY(C_split_items, 3),
    ENTRY(C_count_unseen, 3),
    ENTRY(C_count_degrees, 3),
    ENTRY(C_count_negatives, 5),
    ENTRY(C_uniform_negatives, 7),
    ENTRY(C_matched_negatives, 9),

    /* eval.c */
    ENTRY(C_auc, 3),
    ENTRY(C_average_precision, 2),
    ENTRY(C_weighted_auc, 3),
    ENTRY(C_mid_ranks, 1),
    ENTRY(C_spearman, 2),
    ENTRY(C_bootstrap_auc, 8),
    ENTRY(C_bootstrap_weights, 6),
    ENTRY(C_concordance, 3),
    ENTRY(C_bootstrap_concordance, 6),
    ENTRY(C_unit_weights, 4),
    /* partners.c */
    ENTRY(C_top_partners, 6),
    ENTRY(C_score_pairs, 4),
    ENTRY(C_neighbours, 4),
    ENTRY(C_guilt, 6),
    ENTRY(C_top_pairs, 5),
    /* kernel.c */
    ENTRY(C_kernel_matrix, 4),
    ENTRY(C_kernel_product, 5),
    /* tanimoto.c */
    ENTRY(C_pack_bits, 1),
    ENTRY(C_tanimoto, 3),
    ENTRY(C_tanimoto_groups, 3),
    /* sequences.c */
    ENTRY(C_pack_transcripts, 1),
    ENTRY(C_mark_tracks, 6),
    ENTRY(C_gather_codes, 3),
    ENTRY(C_unpack_letters, 3),
    ENTRY(C_draw_members, 4),
    ENTRY(C_draw_view, 5),
    ENTRY(C_expand_tracks, 5),
    ENTRY(C_longest_orfs, 3),
    ENTRY(C_word_frequencies, 6),
    ENTRY(C_count_exon_ends, 3),
    /* text.c */
    ENTRY(C_text_frequencies, 2),
    ENTRY(C_text_tokens, 3),
    {NULL, NULL, 0}};

void attribute_visible R_init_kith(DllInfo *dll) {
  threads_start();
  blas_start();
  R_registerRoutines(dll, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
}
