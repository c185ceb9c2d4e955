/* A wiring as equations. */
#include "program/wiring/wiring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 88 };

/* A value as the statement reads it: "AR(a)" where it waits for the sum. */
static const char *read_value(const struct tp_wiring *wiring,
                              const struct tp_wiring_statement *statement, int i,
                              struct tp_arena *arena)
{
  const int value = statement->in[i];
  const char *const name = wiring->values[value];
  const unsigned bit = 1u << value;
  const char *const what = (statement->gathered & bit) != 0 ? "AG" : statement->share ? "RS" : "AR";
  return (statement->waits & bit) != 0 ? tp_arena_printf(arena, "%s(%s)", what, name) : name;
}

static const char *equation_of(const struct tp_wiring *wiring,
                               const struct tp_wiring_statement *statement, struct tp_arena *arena)
{
  const char *const a = read_value(wiring, statement, 0, arena);
  const char *const b = statement->n_in > 1 ? read_value(wiring, statement, 1, arena) : "";
  const char *const y = statement->n_out > 0 ? wiring->values[statement->out[0]] : "";
  switch (statement->verb) {
  case TP_WIRING_NORM:
    return tp_arena_printf(arena, "%s = norm_%s(%s)", y, tp_wiring_norms[statement->norm], a);
  case TP_WIRING_ATTENTION:
    return tp_arena_printf(arena, "%s = attention(%s)", y, a);
  case TP_WIRING_MLP:
    return tp_arena_printf(arena, "%s = mlp(%s)", y, a);
  case TP_WIRING_BOTH:
    return tp_arena_printf(arena, "%s = attention(%s), %s = mlp(%s)", y, a,
                           wiring->values[statement->out[1]], a);
  case TP_WIRING_ADD:
    return tp_arena_printf(arena, "%s = %s + %s", y, a, b);
  case TP_WIRING_SHARE:
    return tp_arena_printf(arena, "%s = %s/ranks + %s", y, a, b);
  case TP_WIRING_COPY:
    return tp_arena_printf(arena, "%s = %s", y, a);
  case TP_WIRING_COMBINE:
    return tp_arena_printf(arena, "%s = W_rank %s", y, a);
  case TP_WIRING_SUM:
    return statement->over == TP_WIRING_OVER_TENSOR
               ? tp_arena_printf(arena, "start AR(%s)", y)
               : tp_arena_printf(arena, "start AR(%s) over %s", y,
                                 tp_wiring_groups[statement->over]);
  case TP_WIRING_SCATTER:
    return tp_arena_printf(arena, "start RS(%s)", y);
  case TP_WIRING_GATHER:
    return tp_arena_printf(arena, "start AG(%s)", y);
  case TP_WIRING_SPLIT:
    return "@split";
  case TP_WIRING_JOIN:
    return "@join";
  case TP_WIRING_WAIT:
    return tp_arena_printf(arena, "wait for %s", a);
  case TP_WIRING_HEAD:
    break;
  }
  return tp_arena_printf(arena, "logits = head(%s)", a);
}

static const char *extent_text(const struct tp_wiring *wiring,
                               const struct tp_wiring_segment *segment, struct tp_arena *arena)
{
  const char *const number =
      segment->by_argument ? wiring->argument : tp_arena_printf(arena, "%d", segment->count);
  switch (segment->extent) {
  case TP_WIRING_LAYERS:
    return tp_arena_printf(arena, "layers %s", number);
  case TP_WIRING_PERCENT:
    return tp_arena_printf(arena, "layers %s%%", number);
  case TP_WIRING_REST:
    return "layers rest";
  case TP_WIRING_EVERY:
    return tp_arena_printf(arena, "every %s layers", number);
  case TP_WIRING_LEFT:
    break;
  }
  return "left";
}

/* A body in one go ("; " between) or a line each, below its title. */
static void print_body(FILE *out, const struct tp_wiring *wiring, const char *title,
                       const struct tp_wiring_body *body, bool lines, struct tp_arena *arena)
{
  size_t column = strlen(title) + 2;
  if (body->n == 0)
    return;
  fprintf(out, "%s:", title);
  for (int i = body->first; i < body->first + body->n; i++) {
    const char *const text = equation_of(wiring, &wiring->statements[i], arena);
    const size_t length = strlen(text) + 2;
    const bool breaks = lines || column + length > WIDTH;
    fputs(breaks ? "\n  " : " ", out);
    fprintf(out, "%s%s", text, lines || i + 1 == body->first + body->n ? "" : ";");
    column = (breaks ? 2 : column) + length;
  }
  fputc('\n', out);
}

static const char *which_layers(int64_t first, int64_t count, struct tp_arena *arena)
{
  if (count < 2)
    return count == 0 ? ", no layer" : tp_arena_printf(arena, ", layer %lld", (long long)first + 1);
  return tp_arena_printf(arena, ", layers %lld to %lld", (long long)first + 1,
                         (long long)(first + count));
}

static void print(FILE *out, const struct tp_wiring *wiring, const int64_t *counts, bool lines,
                  struct tp_arena *arena)
{
  int64_t first = 0;
  print_body(out, wiring, "before", &wiring->before, lines, arena);
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *segment = &wiring->segments[i];
    const char *const which = counts == NULL ? "" : which_layers(first, counts[i], arena);
    const char *const extent = extent_text(wiring, segment, arena);
    print_body(out, wiring, tp_arena_printf(arena, "%s%s", extent, which), &segment->each, lines,
               arena);
    if (segment->last.line > 0)
      print_body(out, wiring, "last of them", &segment->last, lines, arena);
    first += counts == NULL ? 0 : counts[i];
  }
  print_body(out, wiring, "end", &wiring->end, lines, arena);
}

static const char *text_of(const struct tp_wiring *wiring, const int64_t *counts, bool lines,
                           struct tp_arena *arena)
{
  char *buffer = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buffer, &size);
  if (out == NULL)
    abort(); /* out of memory, as the arena itself does */
  print(out, wiring, counts, lines, arena);
  if (fclose(out) != 0)
    abort();
  const char *const text = tp_arena_strdup(arena, buffer);
  free(buffer);
  return text;
}

const char *tp_wiring_text(const struct tp_wiring *wiring, const int64_t *counts,
                           struct tp_arena *arena)
{
  return text_of(wiring, counts, true, arena);
}

const char *tp_wiring_equation(const struct tp_wiring *wiring, struct tp_arena *arena)
{
  return text_of(wiring, NULL, false, arena);
}
