/* For fileno() and fsync(), which C99 alone does not have. */
#define _POSIX_C_SOURCE 200809L

#include "glue/check.h"
#include "glue/entries.h"

#include <stdio.h>

#ifdef _WIN32
#include <io.h>
#define sync_file(file) _commit(_fileno(file))
#else
#include <unistd.h>
#define sync_file(file) fsync(fileno(file))
#endif

/* Waits until what has been written to a file is on the disk. FALSE where the
 * file system cannot do that. */
SEXP C_file_sync(SEXP path) {
  FILE *file = fopen(R_ExpandFileName(get_string(path, "path")), "rb+");
  if (file == NULL) return Rf_ScalarLogical(0);
  int failed = sync_file(file);
  fclose(file);
  return Rf_ScalarLogical(failed == 0);
}
