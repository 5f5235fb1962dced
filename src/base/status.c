#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

status_code status_fail(status *st, status_code code, const char *format,
                        ...) {
  if (st->code != STATUS_OK) return st->code;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(st->message, sizeof st->message, format, arguments);
  va_end(arguments);
  st->code = code;
  return code;
}
