/* The program of a wiring: its statements by the kernels of block.h. */
#include "program/wiring/build.h"

#include "program/block.h"
#include "program/layers.h"
#include "program/variants/architectures.h"
#include "program/wiring/emit.h"

/* The block's own names for the residual, a norm and two outputs, which keep theirs; any others are
 * called as the wiring calls them. */
static void name_values(struct tp_wired *wired)
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
    wired->shares[v] = wired->values[v];
    if (wiring->shares[v] >= 0 && wired->pass.request->mesh.tp > 1) {
      wired->shares[v] = (enum tp_value)(wiring->shares[v] + TP_VALUE_SHARE_1);
      tp_operands_name(&wired->pass, wired->shares[v],
                       tp_arena_printf(wired->pass.arena, "%s.share", wiring->values[v]));
    }
    if (wiring->events[v][0] != NULL)
      tp_pass_name_events(&wired->pass, (enum tp_slot)(wiring->slots[v] + TP_SLOT_WIRED_1),
                          wiring->events[v][0], wiring->events[v][1]);
  }
}

/* Statements for one half: their layers, too, are counted once. */
static void emit_half(struct tp_wired *wired, const struct tp_wiring_statement *s, int n, int half)
{
  tp_pass_half(&wired->pass, half);
  for (int i = 0; i < n;)
    i += tp_wiring_emit(wired, &s[i]);
  tp_pass_half(&wired->pass, 0);
}

static void emit_halves(struct tp_wired *wired, const struct tp_wiring_statement *s, int n)
{
  struct tp_pass *pass = &wired->pass;
  const int64_t layer = pass->layer;
  if (!tp_pass_splits(pass)) {
    emit_half(wired, s, n, 0);
    return;
  }
  emit_half(wired, s, n, 1);
  struct tp_segment *segment = &pass->program->segments[pass->program->n_segments - 1];
  const int layers = segment->layers;
  tp_pass_at_layer(pass, layer);
  emit_half(wired, s, n, 2);
  segment->layers = layers;
}

static void emit_body(struct tp_wired *wired, const struct tp_wiring_body *body)
{
  const struct tp_wiring_statement *s = &wired->wiring->statements[body->first];
  for (int i = 0, n; i < body->n; i += n) {
    for (n = 0; i + n < body->n && s[i + n].half; n++)
      ;
    if (n > 0)
      emit_halves(wired, &s[i], n);
    else
      n = tp_wiring_emit(wired, &s[i]);
  }
}

static void emit_layer(struct tp_wired *wired, const struct tp_wiring_body *body)
{
  const int64_t layer = wired->pass.layer;
  emit_body(wired, body);
  if (wired->pass.layer == layer)
    tp_pass_next_layer(&wired->pass);
}

static void emit_group(struct tp_pass *pass)
{
  struct tp_wired *wired = (struct tp_wired *)pass;
  const struct tp_wiring_segment *segment = wired->segment;
  for (int64_t i = 1; i < pass->group; i++)
    emit_layer(wired, &segment->each);
  emit_layer(wired, segment->last.line > 0 ? &segment->last : &segment->each);
}

/* A kernel that has to wait for what came before the layers does so in the first group alone. */
static void emit_layers(struct tp_wired *wired, struct tp_layers layers)
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

static enum tp_status check_room(const struct tp_wired *wired, struct tp_layers layers,
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
static enum tp_status emit_segment(struct tp_wired *wired, int64_t first, int64_t count,
                                   int argument, struct tp_error *error)
{
  const struct tp_wiring_segment *segment = wired->segment;
  if (count == 0)
    return TP_OK;
  if (segment->extent == TP_WIRING_LAYERS && count == 1) {
    tp_pass_segment(&wired->pass,
                    first == 0
                        ? "layer 1"
                        : tp_arena_printf(wired->pass.arena, "layer %lld", (long long)first + 1),
                    1);
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

static enum tp_status emit_all(struct tp_wired *wired, int argument, struct tp_error *error)
{
  const struct tp_wiring *wiring = wired->wiring;
  struct tp_pass *pass = &wired->pass;
  int64_t counts[TP_WIRING_MOST_SEGMENTS], first = 0;
  TP_TRY(tp_wiring_counts(wiring, argument, pass->request->model->layers, counts, error));
  name_values(wired);
  tp_pass_segment(pass, "prologue", 1);
  tp_pass_share(pass, wiring->shared_out > 0);
  if (wiring->shared_out > 0)
    tp_block_embed_share(pass, wired->shares[TP_WIRING_RESIDUAL]);
  else
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

static enum tp_status begin(struct tp_wired *wired, const struct tp_request *request,
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
  struct tp_wired wired = {.wiring = variant->architecture->wiring};
  const struct tp_wiring *wiring = wired.wiring;
  TP_TRY(tp_wiring_check_job(wiring, request->model, &request->mesh, error));
  TP_TRY(begin(&wired, request, arena, program, error));
  if (wiring->splits)
    tp_pass_split(&wired.pass, tp_wiring_halves_from(wiring, variant->argument));
  if (tp_wiring_has_shares(wiring))
    tp_pass_shares(&wired.pass);
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
