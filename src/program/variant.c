#include "program/variant.h"

#include "base/text.h"
#include "program/variants/architectures.h"
#include "program/wiring/build.h"

#include <string.h>

enum { MAX_NAMES = 96 };

/* What is parsed, and where to. */
struct parse {
  const struct tp_datadir *dirs; /* of wirings; may be NULL */
  const char *text;
  struct tp_arena *arena;
  struct tp_variant *variant;
  struct tp_error *error;
};

/* One part of the text: "kraken:4" is name "kraken", argument "4" (NULL without a colon). */
struct part {
  const char *name, *argument;
};

/* Behind the first ".tpa" that a part ends with, so that paths may have any letters; NULL: none. */
static const char *path_end(const char *text)
{
  for (const char *at = strstr(text, ".tpa"); at != NULL; at = strstr(at + 1, ".tpa"))
    if (at[4] == '\0' || at[4] == ':' || at[4] == '+')
      return at + 4;
  return NULL;
}

static struct part split_part(struct tp_arena *arena, const char *text, size_t length)
{
  char *name = tp_arena_printf(arena, "%.*s", (int)length, text);
  const char *const end = path_end(name);
  char *colon = strchr(end != NULL ? end : name, ':');
  if (colon == NULL)
    return (struct part){.name = name};
  *colon = '\0';
  return (struct part){.name = name, .argument = colon + 1};
}

static const struct tp_architecture *find_architecture(const char *name)
{
  for (size_t i = 0; tp_architectures[i] != NULL; i++)
    if (strcmp(tp_architectures[i]->name, name) == 0)
      return tp_architectures[i];
  return NULL;
}

static const struct tp_transform *find_transform(const struct tp_transform *const *table,
                                                 const char *name)
{
  for (size_t i = 0; table[i] != NULL; i++)
    if (strcmp(table[i]->name, name) == 0)
      return table[i];
  return NULL;
}

static enum tp_status refuse_unknown(const struct parse *parse, const char *word)
{
  const char **wirings = NULL;
  size_t n_wirings = 0;
  if (parse->dirs != NULL &&
      tp_wiring_list(parse->dirs, parse->arena, &wirings, &n_wirings, NULL) != TP_OK)
    n_wirings = 0;
  const char *names[MAX_NAMES];
  size_t n = 0;
  for (size_t i = 0; tp_architectures[i] != NULL && n < MAX_NAMES; i++)
    names[n++] = tp_architectures[i]->name;
  for (size_t i = 0; tp_overlaps[i] != NULL && n < MAX_NAMES; i++)
    names[n++] = tp_overlaps[i]->name;
  for (size_t i = 0; tp_wires[i] != NULL && n < MAX_NAMES; i++)
    names[n++] = tp_wires[i]->name;
  for (size_t i = 0; i < n_wirings && n < MAX_NAMES; i++)
    if (find_architecture(wirings[i]) == NULL)
      names[n++] = wirings[i];
  return tp_fail(parse->error, TP_E_INPUT, "variant '%s': unknown part '%s'%s", parse->text, word,
                 tp_text_hint(parse->arena, word, names, n));
}

static enum tp_status refuse_second(const char *text, const char *what, const char *first,
                                    const char *second, struct tp_error *error)
{
  return tp_fail(error, TP_E_INPUT, "variant '%s': two %ss, '%s' and '%s'; keep one", text, what,
                 first, second);
}

/* N of "name:N", a whole number that counts `what`. */
static enum tp_status read_count(const char *text, struct part part, const char *what, int least,
                                 int most, int *count, struct tp_error *error)
{
  double value = 0;
  if (!tp_text_number(part.argument, &value) || value < least || value > most ||
      value != (double)(int)value)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': '%s' is no number of %s; write %s:N with N from %d to %d", text,
                   part.argument, what, part.name, least, most);
  *count = (int)value;
  return TP_OK;
}

static enum tp_status refuse_argument(const char *text, struct part part, struct tp_error *error)
{
  return tp_fail(error, TP_E_INPUT, "variant '%s': '%s' takes no ':%s'; write '%s'", text,
                 part.name, part.argument, part.name);
}

static enum tp_status add_architecture(const char *text, struct part part,
                                       const struct tp_architecture *architecture,
                                       struct tp_variant *variant, struct tp_error *error)
{
  if (variant->architecture != NULL)
    return refuse_second(text, "architecture", variant->architecture->name, part.name, error);
  variant->architecture = architecture;
  const bool needed = architecture->wiring != NULL && architecture->argument != NULL;
  if (part.argument == NULL && !needed)
    return TP_OK;
  if (architecture->argument == NULL)
    return refuse_argument(text, part, error);
  if (part.argument == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': %s takes a number; write %s:N with N from %d to %d", text,
                   part.name, part.name, architecture->least, architecture->most);
  return read_count(text, part, architecture->argument, architecture->least, architecture->most,
                    &variant->argument, error);
}

static enum tp_status add_transform(const char *text, const char *what, struct part part,
                                    const struct tp_transform *transform,
                                    const struct tp_transform **slot, int *argument,
                                    struct tp_error *error)
{
  if (*slot != NULL)
    return refuse_second(text, what, (*slot)->name, part.name, error);
  *slot = transform;
  if (part.argument == NULL)
    return TP_OK;
  if (transform->argument == NULL)
    return refuse_argument(text, part, error);
  return read_count(text, part, transform->argument, transform->least, transform->most, argument,
                    error);
}

static enum tp_status add_part(const struct parse *parse, struct part part)
{
  const char *const text = parse->text;
  struct tp_variant *const variant = parse->variant;
  struct tp_error *const error = parse->error;
  if (part.name[0] == '\0')
    return tp_fail(error, TP_E_INPUT, "variant '%s': an empty part; write ARCH[+OVERLAP][+WIRE]",
                   text);
  const struct tp_architecture *architecture = find_architecture(part.name);
  if (architecture != NULL)
    return add_architecture(text, part, architecture, variant, error);
  const struct tp_transform *transform = find_transform(tp_overlaps, part.name);
  if (transform != NULL)
    return add_transform(text, "overlap", part, transform, &variant->overlap,
                         &variant->overlap_argument, error);
  transform = find_transform(tp_wires, part.name);
  if (transform != NULL)
    return add_transform(text, "wire format", part, transform, &variant->wire,
                         &variant->wire_argument, error);
  TP_TRY(tp_wiring_find(parse->dirs, part.name, parse->arena, &architecture, error));
  if (architecture != NULL)
    return add_architecture(text, part, architecture, variant, error);
  return refuse_unknown(parse, part.name);
}

static const char *part_text(struct tp_arena *arena, const char *name, int argument)
{
  return argument > 0 ? tp_arena_printf(arena, "%s:%d", name, argument) : name;
}

/* Parts in a fixed order; standard is said only when it stands alone. */
static const char *canonical(const struct tp_variant *variant, struct tp_arena *arena)
{
  const bool plain = variant->architecture == &tp_architecture_standard;
  const bool transformed = variant->overlap != NULL || variant->wire != NULL;
  const char *text =
      plain && transformed ? "" : part_text(arena, variant->architecture->name, variant->argument);
  const struct tp_transform *const parts[] = {variant->overlap, variant->wire};
  const int arguments[] = {variant->overlap_argument, variant->wire_argument};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    if (parts[i] != NULL)
      text = tp_arena_printf(arena, "%s%s%s", text, text[0] == '\0' ? "" : "+",
                             part_text(arena, parts[i]->name, arguments[i]));
  return text;
}

/* Overlaps and wires arrange communication: there must be some. */
static enum tp_status refuse_idle(const char *text, const struct tp_variant *variant,
                                  struct tp_error *error)
{
  const struct tp_transform *const idle =
      variant->overlap != NULL ? variant->overlap : variant->wire;
  if (!variant->architecture->apart || idle == NULL)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "variant '%s': %s sends nothing that %s could %s; keep one",
                 text, variant->architecture->name, idle->name,
                 variant->overlap != NULL ? "hide" : "shorten");
}

static bool is_listed(const struct part *part)
{
  return find_architecture(part->name) != NULL || find_transform(tp_overlaps, part->name) != NULL ||
         find_transform(tp_wires, part->name) != NULL;
}

/* Up to the next "+"; where that is no name of the lists, up to behind a ".tpa": a path may have
 * any letters. */
static size_t part_length(const char *rest, struct tp_arena *arena)
{
  const size_t plain = strcspn(rest, "+");
  const char *const end = path_end(rest);
  const struct part part = split_part(arena, rest, plain);
  if (end == NULL || end <= rest + plain || is_listed(&part))
    return plain;
  return (size_t)(end - rest) + strcspn(end, "+");
}

enum tp_status tp_variant_open(const struct tp_datadir *dirs, const char *text,
                               struct tp_arena *arena, struct tp_variant *variant,
                               struct tp_error *error)
{
  struct tp_variant parsed = {0};
  const struct parse parse = {
      .dirs = dirs, .text = text, .arena = arena, .variant = &parsed, .error = error};
  for (const char *rest = text;; rest++) {
    const size_t length = part_length(rest, arena);
    TP_TRY(add_part(&parse, split_part(arena, rest, length)));
    rest += length;
    if (*rest == '\0')
      break;
  }
  if (parsed.architecture == NULL)
    parsed.architecture = &tp_architecture_standard;
  const enum tp_status status = refuse_idle(text, &parsed, error);
  if (status != TP_OK)
    return status;
  parsed.text = canonical(&parsed, arena);
  *variant = parsed;
  return TP_OK;
}
