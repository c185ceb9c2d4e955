#include "plot/text.h"

#include <stdbool.h>
#include <string.h>

static const char unreadable[] = "\xef\xbf\xbd", no_space[] = "\xe2\x80\x8b";

/* Characters that XML forbids or that a terminal obeys. */
static bool is_control(const unsigned char *s)
{
  return s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0) ||
         (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe);
}

/* gnuplot lets "&#" through to SVG, where it begins a reference: a space without width parts it. */
static const char *clean(const char *text, struct tp_arena *arena)
{
  char *const result = TP_NEW(arena, char, 4 * strlen(text) + 1), *end = result;
  while (*text != '\0') {
    const unsigned char *const s = (const unsigned char *)text;
    const size_t n = tp_plot_character(s);
    const char *const shown = n == 0          ? unreadable
                              : is_control(s) ? " "
                              : text[0] == '&' && text[1] == '#'
                                  ? tp_arena_printf(arena, "&%s", no_space)
                                  : tp_arena_printf(arena, "%.*s", (int)n, text);
    end = stpcpy(end, shown);
    text += n == 0 ? 1 : n;
  }
  return result;
}

/* Where a line of at most `n` bytes ends: behind a comma if there is one, else at a space, else at
 * the end of the word, which is too long then. */
static size_t last_break(const char *text, size_t n)
{
  for (size_t at = n; at > 1; at--)
    if (text[at] == ' ' && text[at - 1] == ',')
      return at;
  for (size_t at = n; at > 0; at--)
    if (text[at] == ' ')
      return at;
  return strcspn(text, " ");
}

static void break_lines(const char *rest, int width, struct tp_arena *arena,
                        struct tp_plot_text *text)
{
  int columns;
  for (;;) {
    rest += strspn(rest, " ");
    const size_t left = strlen(rest), whole = tp_plot_fit(rest, left, width, &columns);
    const size_t n = whole == left ? left : last_break(rest, whole);
    if (left == 0 && text->n > 0)
      return;
    TP_APPEND(arena, text->lines, text->n, tp_arena_printf(arena, "%.*s", (int)n, rest));
    rest += n;
  }
}

/* Cuts the lines of all texts together, so that what differs stays so. */
static void cut_lines(struct tp_plot_text *texts, size_t n, int width, struct tp_arena *arena)
{
  const char **all = NULL;
  size_t n_all = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < texts[i].n; k++)
      TP_APPEND(arena, all, n_all, texts[i].lines[k]);
  const char *const *shown = tp_plot_shorten(all, n_all, width, arena);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < texts[i].n; k++, shown++) {
      texts[i].lines[k] = *shown;
      const int columns = tp_plot_columns(*shown);
      texts[i].width = columns > texts[i].width ? columns : texts[i].width;
    }
}

struct tp_plot_text *tp_plot_cut_all(const char *const *names, size_t n, int width,
                                     struct tp_arena *arena)
{
  struct tp_plot_text *const texts = TP_NEW(arena, struct tp_plot_text, n);
  for (size_t i = 0; i < n; i++)
    TP_APPEND(arena, texts[i].lines, texts[i].n, clean(names[i], arena));
  cut_lines(texts, n, width, arena);
  return texts;
}

struct tp_plot_text *tp_plot_wrap_all(const char *const *names, size_t n, int width,
                                      struct tp_arena *arena)
{
  struct tp_plot_text *const texts = TP_NEW(arena, struct tp_plot_text, n);
  for (size_t i = 0; i < n; i++)
    break_lines(clean(names[i], arena), width, arena, &texts[i]);
  cut_lines(texts, n, width, arena);
  return texts;
}

struct tp_plot_text tp_plot_cut(const char *text, int width, struct tp_arena *arena)
{
  return *tp_plot_cut_all(&text, 1, width, arena);
}

struct tp_plot_text tp_plot_wrap(const char *text, int width, struct tp_arena *arena)
{
  return *tp_plot_wrap_all(&text, 1, width, arena);
}

/* In single quotes nothing has a meaning; one in the text stands apart, as gnuplot takes '' within
 * them, which it documents, for an end at some places. */
static void put(struct tp_plot_text text, const char *percent, FILE *out)
{
  for (size_t i = 0; i < text.n; i++) {
    fputs(i > 0 ? ".\"\\n\".'" : "'", out);
    for (const char *c = text.lines[i]; *c != '\0'; c++)
      if (*c == '\'')
        fputs("'.\"\\047\".'", out);
      else if (*c == '%')
        fputs(percent, out);
      else
        putc(*c, out);
    putc('\'', out);
  }
}

void tp_plot_put_text(struct tp_plot_text text, FILE *out)
{
  put(text, "%", out);
}

void tp_plot_put_tic(struct tp_plot_text text, FILE *out)
{
  put(text, "%%", out);
}
