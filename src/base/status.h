#ifndef KITH_BASE_STATUS_H
#define KITH_BASE_STATUS_H

/* What a numerics function has to say. Functions that can fail take a
 * `status *` and return its code, 0 when all is well; the glue turns the
 * message into an R condition once every region and buffer is closed. */

typedef enum {
  STATUS_OK = 0,
  STATUS_BAD_INPUT,  /* the caller's values are at fault */
  STATUS_NO_MEMORY,  /* a buffer could not be had */
  STATUS_NOT_FINITE, /* NaN or infinity came up in a computation */
  STATUS_EXHAUSTED,  /* asked for more than there is */
  STATUS_INTERNAL    /* a rule of this library was broken */
} status_code;

typedef struct {
  status_code code;
  char message[512];
} status;

/* Stores code and message (printf-style) and returns the code. The first
 * failure stays: later calls do not overwrite it. */
#ifdef __GNUC__
__attribute__((format(printf, 3, 4)))
#endif
status_code
status_fail(status *st, status_code code, const char *format, ...);

#endif
