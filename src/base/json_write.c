#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* Every byte past ASCII as U+FFFD, where together they are no UTF-8. */
static json_t *replaced(const char *text)
{
  static const char replacement[] = "\xEF\xBF\xBD";
  char *const valid = malloc(3 * strlen(text) + 1);
  char *to = valid;
  if (valid == NULL)
    tp_out_of_memory(); /* as arenas do */
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < 0x80)
      *to++ = *text;
    else
      to = stpcpy(to, replacement);
  *to = '\0';
  json_t *const string = json_string(valid);
  free(valid);
  return string;
}

json_t *tp_json_text(const char *text)
{
  json_t *const string = json_string(text);
  return string != NULL ? string : replaced(text);
}

void tp_json_put_text(const char *text, FILE *out)
{
  json_t *const string = tp_json_text(text);
  json_dumpf(string, out, JSON_ENCODE_ANY);
  json_decref(string);
}
