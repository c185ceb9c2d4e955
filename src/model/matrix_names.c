/* Names of matrices as checkpoints spell them, and patterns that are matched against them. */
#include "model/scheme.h"

#include <assert.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <regex.h>
#include <string.h>

static bool one_is_regular(const struct tp_matrix_names *names, const char *expression,
                           struct tp_arena *arena)
{
  regex_t regex;
  bool found = false;
  if (regcomp(&regex, tp_arena_printf(arena, "^%s", expression), REG_EXTENDED | REG_NOSUB) != 0)
    return false;
  for (int i = 0; i < TP_MATRIX_SPELLINGS && !found; i++)
    found = regexec(&regex, names->of[i], 0, NULL, 0) == 0;
  regfree(&regex);
  return found;
}

static bool one_fits(const struct tp_matrix_names *names, const char *pattern)
{
  for (int i = 0; i < TP_MATRIX_SPELLINGS; i++)
    if (fnmatch(pattern, names->of[i], 0) == 0)
      return true;
  return false;
}

static bool holds(const char *name, const char *part)
{
  const size_t length = strlen(part);
  for (const char *at = strstr(name, part); length > 0 && at != NULL; at = strstr(at + 1, part))
    if ((at == name || at[-1] == '.') && (at[length] == '\0' || at[length] == '.'))
      return true;
  return false;
}

/* gemma4's experts stand beside its MLP, not inside. */
void tp_matrix_spell(struct tp_matrix_names *names, enum tp_model_part part, bool beside,
                     int64_t layer, struct tp_arena *arena)
{
  static const char *const prefixes[] = {"model.layers", "language_model.model.layers",
                                         "model.language_model.layers", "layers"};
  static const char *const matrices[TP_N_PARTS][2] = {
      [TP_PART_ATTENTION] = {"self_attn.o_proj", "attn.o_proj"},
      [TP_PART_MLP] = {"mlp.up_proj", "ffn.up_proj"},
      [TP_PART_EXPERTS] = {"mlp.experts.0.up_proj", "ffn.experts.0.up_proj"},
      [TP_PART_SHARED] = {"mlp.shared_experts.up_proj", "ffn.shared_experts.up_proj"},
      [TP_PART_ROUTER] = {"mlp.gate", "ffn.gate"}};
  enum { N_PREFIXES = sizeof prefixes / sizeof *prefixes };
  static_assert(TP_MATRIX_SPELLINGS == 2 * N_PREFIXES, "every matrix behind every prefix");
  for (int i = 0; i < TP_MATRIX_SPELLINGS; i++) {
    const char *matrix = matrices[part][i / N_PREFIXES];
    if (beside && part == TP_PART_EXPERTS)
      matrix = "experts.0.up_proj";
    else if (beside && part == TP_PART_SHARED)
      matrix = "mlp.up_proj";
    names->of[i] =
        tp_arena_printf(arena, "%s.%" PRId64 ".%s", prefixes[i % N_PREFIXES], layer, matrix);
  }
}

/* "re:..." is a regular expression from the name's beginning, '*' stands for anything, and a plain
 * name for itself and for what is below it, wherever it begins. */
bool tp_matrix_is_named(const struct tp_matrix_names *names, const char *pattern,
                        struct tp_arena *arena)
{
  if (strncmp(pattern, "re:", 3) == 0)
    return one_is_regular(names, pattern + 3, arena);
  if (strpbrk(pattern, "*?") != NULL)
    return one_fits(names, pattern) || one_fits(names, tp_arena_printf(arena, "%s.*", pattern)) ||
           one_fits(names, tp_arena_printf(arena, "*.%s", pattern));
  for (int i = 0; i < TP_MATRIX_SPELLINGS; i++)
    if (holds(names->of[i], pattern))
      return true;
  return false;
}

bool tp_matrix_is_listed(const struct tp_matrix_names *names, const json_t *list,
                         struct tp_arena *arena)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *const pattern = json_string_value(json_array_get(list, i));
    if (pattern != NULL && tp_matrix_is_named(names, pattern, arena))
      return true;
  }
  return false;
}
