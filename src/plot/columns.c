/* How many columns a text takes. */
#include "plot/text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

size_t tp_plot_character(const unsigned char *s)
{
  const size_t n = s[0] < 0x80                  ? 1
                   : s[0] < 0xc2 || s[0] > 0xf4 ? 0
                   : s[0] < 0xe0                ? 2
                   : s[0] < 0xf0                ? 3
                                                : 4;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  const bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
  const bool surrogate = s[0] == 0xed && s[1] >= 0xa0;
  const bool beyond = s[0] == 0xf4 && s[1] >= 0x90;
  return overlong || surrogate || beyond ? 0 : n;
}

size_t tp_plot_fit(const char *text, size_t n, int width, int *taken)
{
  size_t at = 0;
  *taken = 0;
  while (at < n) {
    const size_t bytes = tp_plot_character((const unsigned char *)text + at);
    const bool wide = bytes > 2 && strncmp(text + at, TP_PLOT_ELLIPSIS, bytes) != 0;
    const int columns = wide ? 2 : 1;
    if (*taken + columns > width)
      break;
    at += bytes;
    *taken += columns;
  }
  return at;
}

int tp_plot_columns(const char *line)
{
  int columns;
  tp_plot_fit(line, strlen(line), INT_MAX - 1, &columns);
  return columns;
}
