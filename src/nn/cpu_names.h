#ifndef KITH_NN_CPU_NAMES_H
#define KITH_NN_CPU_NAMES_H

#include "nn/real.h"

/* A name for each precision of every function that is built for several CPUs
 * (FOR_EACH_CPU). Compilers give the versions of a static function symbols that
 * the linker sees: of one name in both precisions, clang 16 cannot link them. */

#define adamw_piece REAL_NAME(adamw_piece)
#define add_rows REAL_NAME(add_rows)
#define attention_slope REAL_NAME(attention_slope)
#define attention_softmax REAL_NAME(attention_softmax)
#define batchnorm_back REAL_NAME(batchnorm_back)
#define batchnorm_columns REAL_NAME(batchnorm_columns)
#define batchnorm_moments REAL_NAME(batchnorm_moments)
#define binary_cross_entropy_row REAL_NAME(binary_cross_entropy_row)
#define chain_distances REAL_NAME(chain_distances)
#define chain_gradient REAL_NAME(chain_gradient)
#define chain_step_gradient REAL_NAME(chain_step_gradient)
#define differentiate_further REAL_NAME(differentiate_further)
#define differentiate_row REAL_NAME(differentiate_row)
#define dropout_values REAL_NAME(dropout_values)
#define follow REAL_NAME(follow)
#define gelu_values REAL_NAME(gelu_values)
#define highest_negative REAL_NAME(highest_negative)
#define layernorm_input_row REAL_NAME(layernorm_input_row)
#define layernorm_parameters REAL_NAME(layernorm_parameters)
#define layernorm_row REAL_NAME(layernorm_row)
#define maxima_input_row REAL_NAME(maxima_input_row)
#define mean_of_row REAL_NAME(mean_of_row)
#define multiply_values REAL_NAME(multiply_values)
#define negative_softmax REAL_NAME(negative_softmax)
#define normalize_input_row REAL_NAME(normalize_input_row)
#define normalize_row REAL_NAME(normalize_row)
#define nt_xent_row REAL_NAME(nt_xent_row)
#define pairwise_chunk REAL_NAME(pairwise_chunk)
#define product_of_rows REAL_NAME(product_of_rows)
#define pull_row REAL_NAME(pull_row)
#define quickgelu_values REAL_NAME(quickgelu_values)
#define relu_values REAL_NAME(relu_values)
#define rmsprop_piece REAL_NAME(rmsprop_piece)
#define row_distances REAL_NAME(row_distances)
#define row_hits REAL_NAME(row_hits)
#define score_further REAL_NAME(score_further)
#define sgd_piece REAL_NAME(sgd_piece)
#define softmax_columns REAL_NAME(softmax_columns)
#define softmax_row REAL_NAME(softmax_row)
#define spread_over_row REAL_NAME(spread_over_row)
#define squared_error_row REAL_NAME(squared_error_row)
#define squares_piece REAL_NAME(squares_piece)
#define sum_columns REAL_NAME(sum_columns)
#define sum_score_columns REAL_NAME(sum_score_columns)
#define sum_score_row REAL_NAME(sum_score_row)
#define take_maxima REAL_NAME(take_maxima)
#define uniform_query REAL_NAME(uniform_query)

#endif
