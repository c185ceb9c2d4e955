/* Which matrices a checkpoint quantises otherwise than the rest: as rules of names. */
#include "model/scheme.h"

#include <string.h>

void tp_scheme_rule_add(struct tp_reading *reading, struct tp_scheme *scheme, const char *text,
                        bool regular, struct tp_scheme_rule rule)
{
  if (!tp_name_pattern_make(text, regular, reading->arena, &rule.pattern)) {
    scheme->unknown = tp_arena_printf(
        reading->arena,
        "quantised by names that '%.60s' fits, an expression that cannot be read here; write it "
        "without looking ahead or back, or give --dtype",
        text);
    return;
  }
  TP_APPEND(reading->arena, scheme->rules, scheme->n_rules, rule);
}

/* A rule a text of the list. */
static void add_rules(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *list,
                      struct tp_scheme_rule rule)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *const text = json_string_value(json_array_get(list, i));
    if (text != NULL)
      tp_scheme_rule_add(reading, scheme, text, false, rule);
  }
}

void tp_scheme_except(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *config)
{
  static const char *const lists[] = {
      "ignore",  "modules_to_not_convert", "exclude_modules",      "ignored_layers",
      "exclude", "skip_modules",           "llm_int8_skip_modules"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    add_rules(reading, scheme, json_object_get(config, lists[i]),
              (struct tp_scheme_rule){.type = {.dtype = NULL}});
}

/* {"bits": 4}: as the rest, if those have 4; 16: not quantised; nothing: as the rest. */
static struct tp_scheme_rule rule_of_bits(const struct tp_scheme *scheme, const json_t *said,
                                          const char *text, struct tp_arena *arena)
{
  enum { WEIGHT_BITS = 4, NOT_QUANTISED = 16 };
  const json_t *const given = json_object_get(said, "bits");
  const json_int_t bits = given == NULL ? WEIGHT_BITS : json_integer_value(given);
  const struct tp_products products = {.weights = {.bits = (int)bits}};
  if (bits >= NOT_QUANTISED)
    return (struct tp_scheme_rule){.type = {.dtype = NULL}};
  return (struct tp_scheme_rule){
      .type = bits == WEIGHT_BITS ? scheme->rest : tp_products_type(&products, text, arena)};
}

/* GPTQModel's: expressions, of what is not quantised behind "-:", of what is otherwise behind "+:"
 * or nothing. */
static void add_dynamic(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *dynamic)
{
  const char *text;
  json_t *said;
  json_object_foreach ((json_t *)(uintptr_t)dynamic, text, said) {
    const bool without = strncmp(text, "-:", 2) == 0, with = strncmp(text, "+:", 2) == 0;
    const struct tp_scheme_rule rule = without ? (struct tp_scheme_rule){.type = {.dtype = NULL}}
                                               : rule_of_bits(scheme, said, text, reading->arena);
    tp_scheme_rule_add(reading, scheme, text + (without || with ? 2 : 0), true, rule);
  }
}

/* AutoRound's: names, or expressions, each with its bits. */
static void add_extra(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *extra)
{
  const char *text;
  json_t *said;
  json_object_foreach ((json_t *)(uintptr_t)extra, text, said)
    tp_scheme_rule_add(reading, scheme, text, strpbrk(text, "*+\\^$([|") != NULL,
                       rule_of_bits(scheme, said, text, reading->arena));
}

void tp_scheme_modules(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *config)
{
  const json_t *const inside = json_object_get(config, "modules_in_block_to_quantize");
  const struct tp_scheme_rule same = {.type = scheme->rest};
  add_dynamic(reading, scheme, json_object_get(config, "dynamic"));
  add_extra(reading, scheme, json_object_get(config, "extra_config"));
  for (size_t i = 0; i < json_array_size(inside); i++) /* texts, or lists of them */
    add_rules(reading, scheme, json_array_get(inside, i), same);
  add_rules(reading, scheme, inside, same);
  if (json_array_size(inside) > 0)
    scheme->rest = (struct tp_scheme_type){.dtype = NULL};
}

/* Whether a group is of every matrix that no other group names: of Linear, or of nothing said. */
static bool targets_all(const json_t *targets)
{
  for (size_t i = 0; i < json_array_size(targets); i++) {
    const char *const target = json_string_value(json_array_get(targets, i));
    if (target != NULL && strcmp(target, "Linear") == 0)
      return true;
  }
  return json_array_size(targets) == 0;
}

/* A class of modules, "LlamaAttention": what is in it no name says. */
static const char *class_in(const json_t *targets)
{
  for (size_t i = 0; i < json_array_size(targets); i++) {
    const char *const target = json_string_value(json_array_get(targets, i));
    if (target != NULL && strpbrk(target, ".:*_") == NULL && target[0] >= 'A' && target[0] <= 'Z' &&
        strcmp(target, "Linear") != 0)
      return target;
  }
  return NULL;
}

void tp_scheme_groups(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *groups)
{
  const char *name;
  json_t *group;
  bool rest = false;
  json_object_foreach ((json_t *)(uintptr_t)groups, name, group) {
    const json_t *const targets = json_object_get(group, "targets");
    const char *const class = class_in(targets);
    const struct tp_products products = tp_products_of_group(group);
    const struct tp_scheme_rule rule = {
        .type = tp_products_type(
            &products, tp_arena_printf(reading->arena, "config_groups.%s", name), reading->arena)};
    if (class != NULL && strcmp(class, "Embedding") != 0)
      tp_key_note(reading, "",
                  "'%s.config_groups.%s' targets '%.40s', a class whose matrices are "
                  "not known here, and not used",
                  scheme->path, name, class);
    add_rules(reading, scheme, targets, rule);
    if (!rest && targets_all(targets)) {
      rest = true;
      scheme->rest = rule.type;
    }
  }
}

struct tp_scheme_type tp_scheme_algorithm(const char *name, struct tp_arena *arena)
{
  struct tp_products products = {.weights = {.bits = 0}};
  if (name[0] == '\0')
    return (struct tp_scheme_type){.dtype = NULL};
  tp_products_of_algorithm(name, &products);
  return tp_products_type(&products, name, arena);
}

void tp_scheme_layers(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *layers)
{
  const char *name;
  json_t *layer;
  json_object_foreach ((json_t *)(uintptr_t)layers, name, layer) {
    const struct tp_scheme_rule rule = {
        .type = tp_scheme_algorithm(tp_scheme_text(layer, "quant_algo"), reading->arena)};
    tp_scheme_rule_add(reading, scheme, name, false, rule);
  }
}
