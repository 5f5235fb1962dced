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
    ENTRY(C_philox, 2),
    {NULL, NULL, 0}};

void attribute_visible R_init_kith(DllInfo *dll) {
  threads_start();
  blas_start();
  R_registerRoutines(dll, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(dll, FALSE);
  R_forceSymbols(dll, TRUE);
}
