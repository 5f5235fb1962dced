/* The numerics of nn/ in double precision. */

#include "nn/bodies.h"
