#include "platform/stack.h"

#include "platform/sheet.h"

#include <string.h>

static const char *const launch_names[] = TP_LAUNCH_NAMES;
static const char *const style_names[] = TP_ATTENTION_STYLE_NAMES;
static const char *const kv_cache_names[] = TP_KV_CACHE_NAMES;
static const char *const kv_rule_names[] = TP_KV_RULE_NAMES;
static const char *const quantise_place_names[] = TP_QUANTISE_PLACE_NAMES;
static const char *const scale_names[] = TP_SCALE_NAMES;
static const char *const dispatch_names[] = TP_DISPATCH_NAMES;
static const char *const decode_dispatch_names[] = TP_DECODE_DISPATCH_NAMES;
static const char *const prefill_order_names[] = TP_PREFILL_ORDER_NAMES;
static const char *const cache_room_names[] = TP_CACHE_ROOM_NAMES;
static const char *const library_names[] = TP_LIBRARY_NAMES;

#define NUMBER(name, member, least, most)                                              \
  {                                                                                    \
    .key = name, .type = TP_FIELD_DOUBLE, .offset = offsetof(struct tp_stack, member), \
    .min = (least), .max = (most)                                                      \
  }
#define COUNT(name, member, least, most)                                              \
  {                                                                                   \
    .key = name, .type = TP_FIELD_COUNT, .offset = offsetof(struct tp_stack, member), \
    .min = (least), .max = (most)                                                     \
  }
/* Keys that came after stack files had been written by others: absent they are 0, or what their
 * range begins with below it, or the first of their list. */
#define LATER_NUMBER(name, member, least, most)                                        \
  {                                                                                    \
    .key = name, .type = TP_FIELD_DOUBLE, .offset = offsetof(struct tp_stack, member), \
    .min = (least), .max = (most), .optional = true                                    \
  }
#define LATER_CHOICE(name, member, list)                                             \
  {                                                                                  \
    .key = name, .type = TP_FIELD_ENUM, .offset = offsetof(struct tp_stack, member), \
    .names = list, .optional = true                                                  \
  }
#define CHOICE(name, member, list)                                                                 \
  {                                                                                                \
    .key = name, .type = TP_FIELD_ENUM, .offset = offsetof(struct tp_stack, member), .names = list \
  }
#define OPTIONAL(name, member, most)                                                             \
  {                                                                                              \
    .key = name, .type = TP_FIELD_DOUBLE, .offset = offsetof(struct tp_stack, member), .min = 0, \
    .max = (most), .optional = true                                                              \
  }
#define FLAG(name, member)                                                          \
  {                                                                                 \
    .key = name, .type = TP_FIELD_BOOL, .offset = offsetof(struct tp_stack, member) \
  }
#define LATER_FLAG(name, member)                                                     \
  {                                                                                  \
    .key = name, .type = TP_FIELD_BOOL, .offset = offsetof(struct tp_stack, member), \
    .optional = true                                                                 \
  }

static const struct tp_field root_fields[] = {
    {.key = "version", .type = TP_FIELD_STRING, .offset = offsetof(struct tp_stack, version)},
    NUMBER("spread_ratio", spread_ratio, 0, 2),
};
static const char *const root_keys[] = {"format",  "name",     "launch",      "attention",
                                        "fusion",  "head",     "collectives", "memory",
                                        "experts", "pipeline", "serving",     NULL};

static const struct tp_field launch_fields[] = {
    CHOICE("decode", launch.decode, launch_names),
    CHOICE("prefill", launch.prefill, launch_names),
    NUMBER("kernel_gap_s", launch.kernel_gap_s, 0, 1e-3),
    LATER_NUMBER("row_latency_s", launch.row_latency_s, 0, 1e-3),
    NUMBER("host_launch_s", launch.host_launch_s, 0, 1e-2),
    LATER_NUMBER("host_step_s", launch.host_step_s, 0, 1),
    LATER_NUMBER("host_sequence_s", launch.host_sequence_s, 0, 1e-2),
};
static const struct tp_field attention_fields[] = {
    CHOICE("prefill", attention.prefill, style_names),
    CHOICE("decode", attention.decode, style_names),
    CHOICE("kv_cache", attention.kv_cache, kv_cache_names),
    LATER_CHOICE("kv_dtype", attention.kv_dtype, kv_rule_names),
    NUMBER("score_passes", attention.score_passes, 0, 1000),
};
static const struct tp_field fusion_fields[] = {
    FLAG("residual_norm", fusion.residual_norm),
    FLAG("rope", fusion.rope),
    FLAG("activation", fusion.activation),
    FLAG("matrix_vector", fusion.matrix_vector),
    FLAG("overlapped_residual", fusion.overlapped_residual),
    LATER_CHOICE("quantise", fusion.quantise, quantise_place_names),
    LATER_CHOICE("scale", fusion.scale, scale_names),
    LATER_FLAG("all_reduce_norm", fusion.all_reduce_norm),
    LATER_FLAG("shared_experts", fusion.shared_experts),
};
static const struct tp_field head_fields[] = {
    FLAG("sharded", head.sharded),
    FLAG("all_positions", head.all_positions),
    FLAG("embedding_sharded", head.embedding_sharded),
};
#define MOST_BYTES(kernels, member)                                                     \
  NUMBER(#kernels "_max_bytes_to_4_ranks", collectives.member[TP_RANKS_TO_4], 0, 1e15), \
      NUMBER(#kernels "_max_bytes_above_4_ranks", collectives.member[TP_RANKS_ABOVE_4], 0, 1e15)
/* Or, before its libraries were heard, their names alone. */
static const struct tp_field collective_fields[] = {
    CHOICE("library", collectives.library, library_names),
    MOST_BYTES(one_shot, one_shot_max_bytes),
    MOST_BYTES(two_shot, two_shot_max_bytes),
    MOST_BYTES(switch, switch_max_bytes),
    NUMBER("peer_fixed_ratio", collectives.peer_fixed_ratio, 0.1, 10),
    FLAG("nvls", collectives.nvls),
    NUMBER("in_place_s", collectives.in_place_s, 0, 1e-2),
    NUMBER("in_place_ratio", collectives.in_place_ratio, 0.1, 100),
    OPTIONAL("one_shot_max_bytes_of_2_ranks", collectives.one_shot_max_bytes[TP_RANKS_2], 1e15),
    OPTIONAL("two_shot_max_bytes_of_2_ranks", collectives.two_shot_max_bytes[TP_RANKS_2], 1e15),
    OPTIONAL("switch_max_bytes_of_2_ranks", collectives.switch_max_bytes[TP_RANKS_2], 1e15),
    OPTIONAL("norm_max_bytes_to_4_ranks", collectives.norm_max_bytes[TP_RANKS_TO_4], 1e15),
    OPTIONAL("norm_max_bytes_above_4_ranks", collectives.norm_max_bytes[TP_RANKS_ABOVE_4], 1e15),
    OPTIONAL("norm_max_bytes_of_2_ranks", collectives.norm_max_bytes[TP_RANKS_2], 1e15),
    OPTIONAL("peer_in_place_ratio", collectives.peer_in_place_ratio, 100),
    OPTIONAL("switch_in_place_ratio", collectives.switch_in_place_ratio, 100),
};

static const struct tp_field memory_fields[] = {
    COUNT("prefill_tokens_to_64_gib", memory.prefill_tokens[0], 0, 1e9),
    COUNT("prefill_tokens_above_64_gib", memory.prefill_tokens[1], 0, 1e9),
    NUMBER("reserve_ratio", memory.reserve_ratio, 0, 1),
    NUMBER("reserve_bytes", memory.reserve_bytes, 0, 1e12),
    NUMBER("optimiser_bytes", memory.optimiser_bytes, 0, 1000),
};

enum { AT_RANDOM = -1 }; /* the skew of a stack that says none */
static const struct tp_field expert_fields[] = {
    CHOICE("dispatch", experts.dispatch, dispatch_names),
    LATER_CHOICE("decode_dispatch", experts.decode_dispatch, decode_dispatch_names),
    LATER_NUMBER("skew", experts.skew, AT_RANDOM, 4),
};

static const struct tp_field pipeline_fields[] = {
    FLAG("sliced_sends", pipeline.sliced_sends),
};

static const struct tp_field serving_fields[] = {
    CHOICE("prefill", serving.prefill, prefill_order_names),
    CHOICE("cache", serving.cache, cache_room_names),
};

static const struct {
  const char *name;
  const struct tp_field *fields;
  size_t n_fields;
  bool later; /* as LATER_NUMBER */
} sections[] = {
#define SECTION(name, fields, later)                    \
  {                                                     \
    name, fields, sizeof fields / sizeof *fields, later \
  }
    SECTION("launch", launch_fields, false),    SECTION("attention", attention_fields, false),
    SECTION("fusion", fusion_fields, false),    SECTION("head", head_fields, false),
    SECTION("memory", memory_fields, true),     SECTION("experts", expert_fields, true),
    SECTION("pipeline", pipeline_fields, true), SECTION("serving", serving_fields, true),
};

/* What a field holds where nobody says it: 0, or what is below it in its range. */
static json_t *unsaid(const struct tp_field *field)
{
  return field->type == TP_FIELD_ENUM   ? json_string(field->names[0])
         : field->type == TP_FIELD_BOOL ? json_false()
                                        : json_real(field->min < 0 ? field->min : 0);
}

static void say_absent(json_t *object, const struct tp_field *fields, size_t n, bool all)
{
  for (size_t i = 0; i < n; i++)
    if ((all || fields[i].optional) && json_object_get(object, fields[i].key) == NULL)
      json_object_set_new(object, fields[i].key, unsaid(&fields[i]));
}

void tp_stack_say_absent(const struct tp_doc *doc)
{
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    const bool absent = sections[i].later && tp_doc_at(doc, sections[i].name) == NULL;
    if (absent)
      json_object_set_new(
          doc->root, sections[i].name,
          json_pack("{ssss}", "kind", "assumed", "source", "the file says nothing"));
    say_absent(tp_doc_at(doc, sections[i].name), sections[i].fields, sections[i].n_fields, absent);
  }
  say_absent(tp_doc_at(doc, "collectives"), collective_fields,
             sizeof collective_fields / sizeof *collective_fields, false);
}

/* Combinations the tables cannot refuse. */
static enum tp_status check(const struct tp_doc *doc, const struct tp_stack *stack,
                            struct tp_error *error)
{
  const char *const prefill = style_names[stack->attention.prefill];
  const char *const decode = style_names[stack->attention.decode];
  if (strcmp(prefill, "expanded") == 0)
    return tp_doc_fail(doc, "attention.prefill", error,
                       "\"expanded\" is a decode style; prefill is \"flash\" or \"materialised\"");
  if (stack->attention.score_passes < 1 &&
      (strcmp(prefill, "materialised") == 0 || strcmp(decode, "materialised") == 0))
    return tp_doc_fail(doc, "attention.score_passes", error,
                       "materialised attention writes and reads the scores; give at least 1");
  return TP_OK;
}

int64_t tp_stack_prefill_tokens(const struct tp_stack *stack, double device_bytes)
{
  static const double least_large_bytes = 64.0 * (1 << 30);
  return (int64_t)stack->memory.prefill_tokens[device_bytes > least_large_bytes];
}

/* Of a document whose libraries were not heard only their names, and what is the stack's own. */
static enum tp_status read_collectives(const struct tp_doc *doc, struct tp_arena *arena,
                                       struct tp_stack *stack, struct tp_error *error)
{
  enum { FIELDS = sizeof collective_fields / sizeof *collective_fields };
  static const char *const others[] = {"libraries", NULL};
  const bool unheard = tp_doc_at(doc, "collectives.libraries") != NULL;
  struct tp_field fields[FIELDS];
  struct tp_origin origin;
  for (int i = 0; i < FIELDS; i++) {
    fields[i] = collective_fields[i];
    fields[i].optional |= unheard && strncmp(fields[i].key, "in_place_", 9) != 0;
  }
  TP_TRY(tp_sheet_read_origin(doc, "collectives", &origin, arena, error));
  return tp_sheet_read_object(doc, "collectives", fields, FIELDS, others, stack, arena, error);
}

enum tp_status tp_stack_read(const struct tp_doc *doc, struct tp_arena *arena,
                             struct tp_stack *stack, struct tp_error *error)
{
  struct tp_stack read = {.experts.skew = AT_RANDOM};
  struct tp_origin origin;
  TP_TRY(tp_sheet_read_object(doc, "", root_fields, sizeof root_fields / sizeof *root_fields,
                              root_keys, &read, arena, error));
  TP_TRY(tp_sheet_read_name(doc, &read.name, arena, error));
  TP_TRY(tp_sheet_read_origin(doc, "", &origin, arena, error));
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
    if (!sections[i].later || tp_doc_at(doc, sections[i].name) != NULL)
      TP_TRY(tp_sheet_read_section(doc, sections[i].name, sections[i].fields, sections[i].n_fields,
                                   &read, &origin, arena, error));
  TP_TRY(read_collectives(doc, arena, &read, error));
  TP_TRY(check(doc, &read, error));
  *stack = read;
  return TP_OK;
}
