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

#endif
