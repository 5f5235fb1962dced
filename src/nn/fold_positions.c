/* Neighbouring positions side by side, so many at a time (the three bases of a
 * codon): rows x positions x n to rows x (positions / fold) x (fold n). The
 * quotient is rounded up, with zeros for what the last one lacks, so nothing of
 * a row is lost. The numbers and their order stay.
 *
 * Option: fold. */

#include "nn/layers.h"

static status_code fold_positions_lay_out(layer *l, size_t n_out, status *st) {
  double option = l->option[0];
  if (!(option >= 1 && option <= 0x1p20 && option == floor(option)))
    return status_fail(st, STATUS_BAD_INPUT,
                       "positions are folded by a whole number from 1 to "
                       "2^20, not %g",
                       option);
  size_t fold = (size_t)option, n = l->in[0].positions, channels;
  if (!size_multiply(l->in[0].channels, fold, &channels))
    return status_fail(st, STATUS_NO_MEMORY,
                       "%zu channels of %zu positions each are too many",
                       l->in[0].channels, fold);
  l->out.positions = n / fold + (n % fold > 0);
  l->out.channels = channels;
  l->out_stride = l->stride * fold;
  if (n_out > 0 && n_out != channels)
    return status_fail(st, STATUS_BAD_INPUT,
                       "layer \"fold_positions\" gives %zu channels, not %zu",
                       channels, n_out);
  return STATUS_OK;
}

/* Copies rows of so many values to the start of rows of as many or others; what
 * is left of these becomes 0. */
static void refit_rows(size_t n_rows, const real *from, size_t width, real *to,
                       size_t new_width) {
  size_t kept = smaller(width, new_width);
  for (size_t i = 0; i < n_rows; ++i) {
    memcpy(to + i * new_width, from + i * width, kept * sizeof(real));
    memset(to + i * new_width + kept, 0, (new_width - kept) * sizeof(real));
  }
}

static void fold_positions_forward(const pass *p, const layer *l,
                                   const layer_tape *at, real *y) {
  refit_rows(p->n_rows, at->x[0], row_size(l->in[0]), y, row_size(l->out));
}

static void fold_positions_backward(const pass *p, const layer *l,
                                    const layer_tape *at, const real *dy,
                                    real *const dx[LAYER_INPUTS]) {
  (void)at;
  if (dx[0] != NULL)
    refit_rows(p->n_rows, dy, row_size(l->out), dx[0], row_size(l->in[0]));
}

static const layer_type fold_positions_layer = {
    .name = "fold_positions",
    .n_inputs = 1,
    .own_dx = 1,
    .lay_out = fold_positions_lay_out,
    .forward = fold_positions_forward,
    .backward = fold_positions_backward};
