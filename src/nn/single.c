/* The numerics of nn/ in single precision, where the BLAS has sgemm. */

#ifdef KITH_HAVE_SGEMM
#define KITH_SINGLE
#include "nn/bodies.h"
#else
typedef int nothing_in_single_precision; /* ISO C has no empty unit */
#endif
