/* What a command reads is not what it writes. */
#include "command/keep.h"

#include <sys/stat.h>

enum tp_status tp_command_keep(const char *input, const char *option, const char *out,
                               struct tp_error *error)
{
  struct stat a, b;
  if (input == NULL || out == NULL || stat(input, &a) != 0 || stat(out, &b) != 0 ||
      !S_ISREG(a.st_mode) || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s: is read and would be written; give %s another place", out,
                 option);
}

enum tp_status tp_command_keep_all(const struct tp_words *inputs, const char *option,
                                   const char *out, struct tp_error *error)
{
  for (size_t i = 0; i < inputs->n; i++)
    TP_TRY(tp_command_keep(inputs->items[i], option, out, error));
  return TP_OK;
}
