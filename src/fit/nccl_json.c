/* JSON reports of nccl-tests and rccl-tests: whatever they nest, a row is an object that has, or
 * stands under, a size and that holds a time. */
#include "fit/nccl_hosts.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/* What the objects around say. */
struct context {
  enum tp_nccl_op op;
  int ranks;
  const char *type, *redop;
  double bytes; /* NAN: not yet */
  bool rooted;
  struct tp_nccl_hosts hosts;
};

static double number_of(const json_t *value)
{
  double number;
  if (json_is_string(value) && tp_text_number(json_string_value(value), &number))
    return number;
  return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Arguments name the program, a list of devices or ranks its ranks and where they sat. */
static void read_list(const char *key, const json_t *list, struct tp_arena *arena,
                      struct context *context)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *const word = json_string_value(json_array_get(list, i));
    if (word != NULL && context->op == TP_NCCL_UNNAMED)
      context->op = tp_nccl_op_run(word);
  }
  if (strcmp(key, "devices") != 0 && tp_nccl_field_of(key) != TP_NCCL_RANKS)
    return;
  context->hosts = (struct tp_nccl_hosts){.n = 0};
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *const rank = json_array_get(list, i);
    tp_nccl_hosts_add(&context->hosts, (int)json_integer_value(json_object_get(rank, "group")),
                      json_string_value(json_object_get(rank, "hostname")),
                      json_string_value(json_object_get(rank, "name")), arena);
  }
  context->ranks = context->hosts.ranks;
}

static void read_member(const char *key, const json_t *value, struct tp_arena *arena,
                        struct context *context)
{
  const double number = number_of(value);
  const char *const word = json_string_value(value);
  if (json_is_array(value)) {
    read_list(key, value, arena, context);
    return;
  }
  switch (tp_nccl_field_of(key)) {
  case TP_NCCL_SIZE:
    context->bytes = number;
    break;
  case TP_NCCL_TYPE:
    context->type = word != NULL ? word : "";
    break;
  case TP_NCCL_REDOP:
    context->redop = word != NULL ? word : "";
    break;
  case TP_NCCL_ROOT:
    context->rooted = number >= 0;
    break;
  case TP_NCCL_RANKS:
    if (number >= 0 && number <= 1e6)
      context->ranks = (int)number;
    break;
  case TP_NCCL_COLLECTIVE:
    if (word != NULL && tp_nccl_op_of(word) != TP_NCCL_UNNAMED)
      context->op = tp_nccl_op_of(word);
    break;
  default:
    if (word != NULL && context->op == TP_NCCL_UNNAMED) /* a command line */
      context->op = tp_nccl_op_run(word);
    break;
  }
}

/* What one object says of times; those of "out_of_place" and "in_place" below it are its own. */
struct timed {
  double time_us, in_place_us, wrong;
  bool is_in_place, cpu_time;
};

static bool is_place(const char *key, bool *in_place)
{
  *in_place = strcmp(key, "in_place") == 0 || strcmp(key, "inplace") == 0 ||
              strcmp(key, "ip") == 0 || strcmp(key, "in-place") == 0;
  return *in_place || strcmp(key, "out_of_place") == 0 || strcmp(key, "oop") == 0 ||
         strcmp(key, "out-of-place") == 0;
}

static void read_times(const json_t *object, bool in_place, struct timed *timed)
{
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *)object, key, value) {
    bool below;
    const double number = number_of(value);
    if (json_is_object(value) && is_place(key, &below)) {
      read_times(value, below, timed);
      continue;
    }
    switch (tp_nccl_field_of(key)) {
    case TP_NCCL_TIME:
      *(in_place ? &timed->in_place_us : &timed->time_us) = number;
      break;
    case TP_NCCL_TIME_IN_PLACE:
      timed->in_place_us = number;
      break;
    case TP_NCCL_TIME_CPU:
      timed->cpu_time = true;
      break;
    case TP_NCCL_WRONG:
      timed->wrong = fmax(timed->wrong, number);
      break;
    case TP_NCCL_IN_PLACE:
      timed->is_in_place = json_is_true(value) || number == 1;
      break;
    default:
      break;
    }
  }
}

static enum tp_status add_row(struct tp_nccl_reader *reader, const json_t *object,
                              const struct context *context)
{
  const bool wants_in_place = reader->request->in_place;
  struct timed timed = {(double)NAN, (double)NAN, 0, false, false};
  read_times(object, false, &timed);
  if (timed.is_in_place) {
    timed.in_place_us = timed.time_us;
    timed.time_us = (double)NAN;
  }
  const double time_us = wants_in_place ? timed.in_place_us : timed.time_us;
  if (isnan(time_us) && timed.cpu_time)
    return tp_nccl_fail(reader, "times of the CPU (-C 1), which say when a call returns and not "
                                "when it is done; run without");
  if (isnan(time_us))
    return TP_OK;
  if (!tp_nccl_hosts_are_alike(&context->hosts))
    return tp_nccl_fail(reader, TP_NCCL_UNLIKE);
  struct tp_nccl_row row = {.ranks = context->ranks,
                            .op = context->op,
                            .redop = tp_arena_strdup(reader->arena, context->redop),
                            .rooted = context->rooted,
                            .bytes = context->bytes,
                            .time_us = time_us,
                            .algbw = (double)NAN};
  tp_nccl_hosts_say(&context->hosts, &row);
  return tp_nccl_add(reader, &row, context->type, timed.wrong);
}

static enum tp_status visit(struct tp_nccl_reader *reader, const json_t *value,
                            struct context context)
{
  for (size_t i = 0; i < json_array_size(value); i++)
    TP_TRY(visit(reader, json_array_get(value, i), context));
  const char *key;
  json_t *below;
  json_object_foreach ((json_t *)value, key, below)
    read_member(key, below, reader->arena, &context);
  if (json_is_object(value) && !isnan(context.bytes))
    TP_TRY(add_row(reader, value, &context));
  json_object_foreach ((json_t *)value, key, below) {
    bool in_place;
    double bytes;
    struct context inner = context;
    if (isdigit((unsigned char)key[0]) && tp_text_number(key, &bytes))
      inner.bytes = bytes;
    if ((json_is_object(below) || json_is_array(below)) && !is_place(key, &in_place))
      TP_TRY(visit(reader, below, inner));
  }
  return TP_OK;
}

enum tp_status tp_nccl_read_json(struct tp_nccl_reader *reader, const char *text, bool *is_report)
{
  const char *at = text + strspn(text, " \t\r\n");
  const char *const second = at + (*at == '[') + strspn(at + (*at == '['), " \t\r\n");
  *is_report = *second == '{';
  /* One document, or one a line. */
  while (*is_report && *at != '\0') {
    json_error_t fault;
    json_t *const root = json_loads(at, JSON_DISABLE_EOF_CHECK, &fault);
    if (root == NULL) {
      reader->line += fault.line - 1;
      return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                  "not JSON: %s; give the whole "
                                                  "report",
                                                  fault.text));
    }
    const struct context context = {
        .op = TP_NCCL_UNNAMED, .type = "", .redop = "", .bytes = (double)NAN};
    const enum tp_status status = visit(reader, root, context);
    json_decref(root);
    TP_TRY(status);
    for (int i = 0; i < fault.position && *at != '\0'; i++, at++)
      reader->line += *at == '\n';
    for (; isspace((unsigned char)*at); at++)
      reader->line += *at == '\n';
  }
  return TP_OK;
}
