/* The program of a wiring: its statements by the kernels of block.h. */
#include "program/wiring/build.h"

#include "program/block.h"
#include "program/layers.h"
#include "program/variants/architectures.h"

/* The pass comes first: tp_pass_layers hands it back. */
struct wired {
  struct tp_pass pass;
  const struct tp_wiring *wiring;
  const struct tp_wiring_segment *segment;
  enum tp_value values[TP_WIRING_MOST_VALUES];
};

/* The block's own names for the residual, a norm and two outputs, which keep theirs; any others are
 * called as the wiring calls them. */
static void name_values(struct wired *wired)
{
  const struct tp_wiring *wiring = wired->wiring;
  enum tp_value free = TP_VALUE_WIRED_1;
  for (int v = 0; v < wiring->n_values; v++) {
    if (v == TP_WIRING_RESIDUAL)
      wired->values[v] = TP_VALUE_RESIDUAL;
    else if (v == wiring->normed)
      wired->values[v] = TP_VALUE_NORMED;
    else if (v == wiring->attention_out)
      wired->values[v] = TP_VALUE_ATTENTION_OUT;
    else if (v == wiring->mlp_out)
      wired->values[v] = TP_VALUE_MLP_OUT;
    else
      wired->values[v] = free++;
    tp_operands_name(&wired->pass, wired->values[v], wiring->values[v]);
  }
}

static enum tp_value in(const struct wired *wired, const struct tp_wiring_statement *s, int i)
{
  return wired->values[s->in[i]];
}

static enum tp_value out(const struct wired *wired, const struct tp_wiring_statement *s, int i)
{
  return wired->values[s->out[i]];
}

static enum tp_value gain_of(const struct wired *wired, enum tp_wiring_norm norm)
{
  if (norm == TP_WIRING_NORM_MLP)
    return TP_VALUE_MLP_GAIN;
  return norm == TP_WIRING_NORM_HEAD && wired->wiring->own ? TP_VALUE_FINAL_GAIN
                                                           : TP_VALUE_ATTENTION_GAIN;
}

/* Whose two events a value's sum has. */
static enum tp_slot slot_of(const struct wired *wired, int value)
{
  switch (wired->values[value]) {
  case TP_VALUE_ATTENTION_OUT:
    return TP_SLOT_ATTENTION;
  case TP_VALUE_MLP_OUT:
    return TP_SLOT_MLP;
  default:
    return wired->wiring->slots[value] + TP_SLOT_WIRED_1;
  }
}

static void wait_for(struct wired *wired, const struct tp_wiring_statement *s)
{
  for (int i = 0; i < s->n_in; i++)
    if ((s->waits & 1u << s->in[i]) != 0 && (i == 0 || s->in[0] != s->in[1]))
      tp_pass_wait(&wired->pass, slot_of(wired, s->in[i]));
}

/* Statements of several kernels, or of one, and the first of each layer that follows. */
static bool fuses(const struct wired *wired, bool overlapped)
{
  const struct tp_style *style = &wired->pass.request->style;
  return style->fused_residual_norm && (style->fused_overlapped_residual || !overlapped);
}

static void go_on(struct wired *wired, const struct tp_wiring_statement *s)
{
  if (s->verb == TP_WIRING_NORM && s->norm == TP_WIRING_NORM_NEXT)
    tp_pass_next_layer(&wired->pass);
}

static void add_norm(struct wired *wired, const struct tp_wiring_statement *s)
{
  go_on(wired, &s[1]);
  tp_block_add_norm(&wired->pass,
                    (struct tp_add_norm){s->name, s[1].name, s->fused, in(wired, s, 1),
                                         gain_of(wired, s[1].norm), in(wired, s, 0),
                                         out(wired, s, 0), out(wired, &s[1], 0)},
                    s->overlapped);
}

/* x += h; z = h + t; n = norm(z) */
static void add_sum_norm(struct wired *wired, const struct tp_wiring_statement *s)
{
  const int t = s[1].in[0] == s->in[1] ? 1 : 0;
  go_on(wired, &s[2]);
  wait_for(wired, &s[1]);
  tp_block_add_sum_norm(&wired->pass, s->fused,
                        (struct tp_add_sum_norm){in(wired, s, 0), in(wired, s, 1),
                                                 in(wired, &s[1], t), gain_of(wired, s[2].norm),
                                                 out(wired, &s[2], 0)});
}

/* The values that a module of the block reads and writes, by the block's names for them. */
static void bind(struct wired *wired, const struct tp_wiring_statement *s)
{
  struct tp_pass *pass = &wired->pass;
  tp_operands_bind(pass, TP_VALUE_NORMED, in(wired, s, 0));
  if (s->verb == TP_WIRING_ATTENTION || s->verb == TP_WIRING_BOTH)
    tp_operands_bind(pass, TP_VALUE_ATTENTION_OUT, out(wired, s, 0));
  if (s->verb == TP_WIRING_MLP || s->verb == TP_WIRING_BOTH)
    tp_operands_bind(pass, TP_VALUE_MLP_OUT, out(wired, s, s->n_out - 1));
}

static void emit_module(struct wired *wired, const struct tp_wiring_statement *s)
{
  struct tp_pass *pass = &wired->pass;
  bind(wired, s);
  if (s->verb == TP_WIRING_ATTENTION)
    tp_block_attention(pass);
  else if (s->verb == TP_WIRING_MLP)
    tp_block_mlp(pass);
  else if (s->verb == TP_WIRING_BOTH)
    tp_parallel_modules(pass);
  else
    tp_block_head(pass);
  tp_operands_unbind(pass);
}

/* Emits the statement, with those behind it that are one kernel with it; returns how many. */
static int emit(struct wired *wired, const struct tp_wiring_statement *s)
{
  struct tp_pass *pass = &wired->pass;
  if (s->verb != TP_WIRING_SUM)
    wait_for(wired, s);
  switch (s->verb) {
  case TP_WIRING_NORM:
    go_on(wired, s);
    tp_block_norm_of(pass, s->name, in(wired, s, 0), gain_of(wired, s->norm), out(wired, s, 0));
    return 1;
  case TP_WIRING_ADD:
    if (s->fuses == TP_WIRING_ADD_NORM) {
      add_norm(wired, s);
      return 2;
    }
    if (s->fuses == TP_WIRING_ADD_SUM_NORM && fuses(wired, s->overlapped || s[1].overlapped)) {
      add_sum_norm(wired, s);
      return 3;
    }
    tp_block_add_to(pass, s->name, in(wired, s, 0), in(wired, s, 1), out(wired, s, 0));
    return 1;
  case TP_WIRING_SHARE:
    tp_block_add_share_to(pass, s->name, in(wired, s, 0), in(wired, s, 1), out(wired, s, 0));
    return 1;
  case TP_WIRING_COPY:
    tp_block_copy(pass, s->name, in(wired, s, 0), out(wired, s, 0));
    return 1;
  case TP_WIRING_COMBINE:
    tp_kraken_combine(pass, in(wired, s, 0), out(wired, s, 0));
    return 1;
  case TP_WIRING_SUM:
    tp_block_start_all_reduce(pass, slot_of(wired, s->in[0]), in(wired, s, 0));
    if (pass->exchange)
      tp_pass_last(pass)->name = s->name;
    return 1;
  case TP_WIRING_WAIT:
    return 1;
  case TP_WIRING_ATTENTION:
  case TP_WIRING_MLP:
  case TP_WIRING_BOTH:
  case TP_WIRING_HEAD:
    break;
  }
  emit_module(wired, s);
  return 1;
}

static void emit_body(struct wired *wired, const struct tp_wiring_body *body)
{
  const struct tp_wiring_statement *s = &wired->wiring->statements[body->first];
  for (int i = 0; i < body->n;)
    i += emit(wired, &s[i]);
}

static void emit_layer(struct wired *wired, const struct tp_wiring_body *body)
{
  const int64_t layer = wired->pass.layer;
  emit_body(wired, body);
  if (wired->pass.layer == layer)
    tp_pass_next_layer(&wired->pass);
}

static void emit_group(struct tp_pass *pass)
{
  struct wired *wired = (struct wired *)pass;
  const struct tp_wiring_segment *segment = wired->segment;
  for (int64_t i = 1; i < pass->group; i++)
    emit_layer(wired, &segment->each);
  emit_layer(wired, segment->last.line > 0 ? &segment->last : &segment->each);
}

/* A kernel that has to wait for what came before the layers does so in the first group alone. */
static void emit_layers(struct wired *wired, struct tp_layers layers)
{
  struct tp_layers first = layers;
  if (wired->pass.n_waits > 0 && layers.count > layers.group) {
    first.count = layers.group;
    layers.first += layers.group;
    layers.count -= layers.group;
    tp_pass_layers(&wired->pass, first, emit_group);
  }
  tp_pass_layers(&wired->pass, layers, emit_group);
}

static enum tp_status check_room(const struct wired *wired, struct tp_layers layers,
                                 struct tp_error *error)
{
  struct tp_layer_run runs[TP_MAX_LAYER_RUNS];
  const struct tp_layer_range range = {
      .first = layers.first, .count = layers.count, .group = layers.group};
  const size_t n = (size_t)tp_pattern_runs(wired->pass.request->model, range, runs);
  if (wired->pass.program->n_segments + n + 3 <= TP_MAX_SEGMENTS) /* the first apart; the end */
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: more than %d segments with the kinds of layers of %s; take fewer",
                 wired->wiring->path, wired->segment->line, (int)TP_MAX_SEGMENTS,
                 wired->pass.request->model->name);
}

/* Layers first .. first + count - 1: whole groups, then what fills none. */
static enum tp_status emit_segment(struct wired *wired, int64_t first, int64_t count, int argument,
                                   struct tp_error *error)
{
  const struct tp_wiring_segment *segment = wired->segment;
  if (count == 0)
    return TP_OK;
  if (segment->extent == TP_WIRING_LAYERS && count == 1) {
    tp_pass_segment(&wired->pass,
                    tp_arena_printf(wired->pass.arena, "layer %lld", (long long)first + 1), 1);
    tp_pass_at_layer(&wired->pass, first);
    emit_layer(wired, &segment->each);
    return TP_OK;
  }
  const int64_t group = tp_wiring_group(segment, argument, count), rest = count % group;
  const struct tp_layers whole = {.first = first, .count = count - rest, .group = group};
  TP_TRY(check_room(wired, whole, error));
  emit_layers(wired, whole);
  const struct tp_layers left = {.first = first + count - rest,
                                 .count = rest,
                                 .group = rest,
                                 .one = "last layer",
                                 .several = "last layers"};
  if (rest == 0)
    return TP_OK;
  TP_TRY(check_room(wired, left, error));
  emit_layers(wired, left);
  return TP_OK;
}

static enum tp_status emit_all(struct wired *wired, int argument, struct tp_error *error)
{
  const struct tp_wiring *wiring = wired->wiring;
  struct tp_pass *pass = &wired->pass;
  int64_t counts[TP_WIRING_MOST_SEGMENTS], first = 0;
  TP_TRY(tp_wiring_counts(wiring, argument, pass->request->model->layers, counts, error));
  name_values(wired);
  tp_pass_segment(pass, "prologue", 1);
  tp_block_embed(pass);
  emit_body(wired, &wiring->before);
  for (int i = 0; i < wiring->n_segments; first += counts[i++]) {
    wired->segment = &wiring->segments[i];
    TP_TRY(emit_segment(wired, first, counts[i], argument, error));
  }
  tp_pass_segment(pass, "epilogue", 1);
  emit_body(wired, &wiring->end);
  return TP_OK;
}

static enum tp_status begin(struct wired *wired, const struct tp_request *request,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  if (!wired->wiring->own)
    return tp_pass_begin_sharded(&wired->pass, request, arena, program, error);
  const int tp = request->mesh.tp;
  const int64_t ways = request->model->kraken_ways;
  if (tp == 1)
    return tp_fail(error, TP_E_INPUT, "%s: blocks of their own stand one a rank; take tp 2 or more",
                   wired->wiring->path);
  if (ways > 0 && ways != tp)
    return tp_fail(error, TP_E_INPUT,
                   "%s: model '%s' was trained with %lld sub-layers; take tp %lld",
                   wired->wiring->path, request->model->name, (long long)ways, (long long)ways);
  tp_kraken_begin(&wired->pass, request, tp, arena, program);
  return TP_OK;
}

enum tp_status tp_wiring_build(const struct tp_request *request, const struct tp_variant *variant,
                               struct tp_arena *arena, struct tp_program *program,
                               struct tp_error *error)
{
  struct wired wired = {.wiring = variant->architecture->wiring};
  const struct tp_wiring *wiring = wired.wiring;
  TP_TRY(begin(&wired, request, arena, program, error));
  if (wiring->apart)
    wired.pass.exchange = false;
  TP_TRY(emit_all(&wired, variant->argument, error));
  tp_pass_end(&wired.pass);
  if (wiring->combines)
    tp_kraken_add_combine_weights(&wired.pass);
  program->activation_bytes += (double)wiring->carried * (double)wired.pass.tokens *
                               (double)wired.pass.block.hidden * tp_dtype_bytes(wired.pass.wide);
  return TP_OK;
}
