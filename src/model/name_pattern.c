/* Patterns that tools write of matrices' names, and whether they fit. */
#include "model/name_pattern.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* What Python writes and POSIX' extended expressions spell otherwise; NULL: what these cannot say,
 * as looking ahead. */
static const char *as_posix(const char *text, struct tp_arena *arena)
{
  static const char *const classes[][2] = {
      {"\\d", "[0-9]"}, {"\\w", "[[:alnum:]_]"}, {"\\s", "[[:space:]]"}, {"(?:", "("}};
  enum { LONGEST = 12, N = sizeof classes / sizeof *classes };
  char *const made = TP_NEW(arena, char, strlen(text) * LONGEST + 1);
  for (char *end = made; *text != '\0';) {
    size_t c = 0;
    while (c < N && strncmp(text, classes[c][0], strlen(classes[c][0])) != 0)
      c++;
    if (c < N) {
      end = stpcpy(end, classes[c][1]);
      text += strlen(classes[c][0]);
    } else if (strncmp(text, "(?", 2) == 0 ||
               (text[0] == '\\' && isalnum((unsigned char)text[1]))) {
      return NULL;
    } else {
      const size_t n = text[0] == '\\' && text[1] != '\0' ? 2 : 1;
      memcpy(end, text, n);
      end += n;
      text += n;
    }
  }
  return made;
}

/* A name's number of a layer, which spares names of other layers the search; -1: it has none. */
static int64_t layer_of(const char *text)
{
  static const char word[] = "layers.";
  const char *const at = strstr(text, word);
  if (at == NULL || !isdigit((unsigned char)at[strlen(word)]))
    return -1;
  char *end;
  const long long layer = strtoll(at + strlen(word), &end, 10);
  return *end == '.' || *end == '\0' ? layer : -1;
}

/* Whether a digit stands in the text, but for the class of all. */
static bool has_number(const char *text)
{
  static const char all[] = "[0-9]";
  for (; *text != '\0'; text++)
    if (strncmp(text, all, strlen(all)) == 0)
      text += strlen(all) - 1;
    else if (isdigit((unsigned char)*text))
      return true;
  return false;
}

/* Without the dots that stand at either end of a part of a name. */
static const char *without_dots(const char *text, struct tp_arena *arena)
{
  text += strspn(text, ".");
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == '.')
    length--;
  return tp_arena_printf(arena, "%.*s", (int)length, text);
}

/* The name itself, what is below it, and a name that begins elsewhere. */
static void set_globs(struct tp_name_pattern *pattern, struct tp_arena *arena)
{
  pattern->globs[0] = pattern->text;
  pattern->globs[1] = tp_arena_printf(arena, "%s.*", pattern->text);
  pattern->globs[2] = tp_arena_printf(arena, "*.%s", pattern->text);
}

bool tp_name_pattern_make(const char *text, bool regular, struct tp_arena *arena,
                          struct tp_name_pattern *pattern)
{
  *pattern = (struct tp_name_pattern){
      .text = text, .layer = -1, .tells_layers = has_number(text)};
  if (strncmp(text, "re:", 3) == 0) {
    regular = true;
    text += 3;
  }
  if (!regular) {
    pattern->glob = strpbrk(text, "*?") != NULL;
    pattern->text = pattern->glob ? text : without_dots(text, arena);
    pattern->layer = layer_of(pattern->text);
    if (pattern->glob)
      set_globs(pattern, arena);
    return true;
  }
  const char *const posix = as_posix(text, arena);
  pattern->regular =
      posix != NULL && regcomp(&pattern->regex, tp_arena_printf(arena, "^(%s)", posix),
                               REG_EXTENDED | REG_NOSUB) == 0;
  return pattern->regular;
}

void tp_name_pattern_free(struct tp_name_pattern *pattern)
{
  if (pattern->regular)
    regfree(&pattern->regex);
  pattern->regular = false;
}

/* Whether `part` stands in the name as whole words between dots. */
static bool holds(const char *name, const char *part)
{
  const size_t length = strlen(part);
  for (const char *at = strstr(name, part); length > 0 && at != NULL; at = strstr(at + 1, part))
    if ((at == name || at[-1] == '.') && (at[length] == '\0' || at[length] == '.'))
      return true;
  return false;
}

static bool glob_fits(const struct tp_name_pattern *pattern, const char *name)
{
  for (int i = 0; i < TP_NAME_GLOBS; i++)
    if (fnmatch(pattern->globs[i], name, 0) == 0)
      return true;
  return false;
}

bool tp_name_pattern_fits(const struct tp_name_pattern *pattern,
                          const struct tp_matrix_names *names)
{
  if (pattern->layer >= 0 && pattern->layer != names->layer)
    return false;
  for (int i = 0; i < names->n; i++)
    if (pattern->regular ? regexec(&pattern->regex, names->of[i], 0, NULL, 0) == 0
        : pattern->glob  ? glob_fits(pattern, names->of[i])
                         : holds(names->of[i], pattern->text))
      return true;
  return false;
}
