#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum tp_status tp_fail(struct tp_error *error, enum tp_status status, const char *format, ...)
{
  if (error != NULL) {
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    /* File contents quoted in a message must not break its line. */
    for (char *at = error->text; *at != '\0'; at++)
      if ((unsigned char)*at < ' ' || *at == '\x7f')
        *at = ' ';
  }
  return status;
}
