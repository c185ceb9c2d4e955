/* A wiring's statements as kernels and sums. */
#include "program/wiring/emit.h"

#include "program/block.h"
#include "program/variants/architectures.h"

static enum tp_value in(const struct tp_wired *wired, const struct tp_wiring_statement *s, int i)
{
  return (s->share ? wired->shares : wired->values)[s->in[i]];
}

/* A ~scatter turns all tokens into shares, a ~gather shares into all. */
static enum tp_value out(const struct tp_wired *wired, const struct tp_wiring_statement *s, int i)
{
  const bool share = s->share ? s->verb != TP_WIRING_GATHER : s->verb == TP_WIRING_SCATTER;
  return (share ? wired->shares : wired->values)[s->out[i]];
}

static enum tp_value gain_of(const struct tp_wired *wired, enum tp_wiring_norm norm)
{
  if (norm == TP_WIRING_NORM_MLP)
    return TP_VALUE_MLP_GAIN;
  return norm == TP_WIRING_NORM_HEAD && wired->wiring->own ? TP_VALUE_FINAL_GAIN
                                                           : TP_VALUE_ATTENTION_GAIN;
}

/* Whose two events a value's sum has. */
static enum tp_slot slot_of(const struct tp_wired *wired, int value)
{
  switch (wired->values[value]) {
  case TP_VALUE_ATTENTION_OUT:
    return TP_SLOT_ATTENTION;
  case TP_VALUE_MLP_OUT:
    return TP_SLOT_MLP;
  default:
    if (value == TP_WIRING_RESIDUAL && wired->wiring->residual_for_mlp)
      return TP_SLOT_MLP;
    return (enum tp_slot)(wired->wiring->slots[value] + TP_SLOT_WIRED_1);
  }
}

/* All tokens' reader of what was summed by halves waits for the second, which is summed last. */
static void wait_for_value(struct tp_wired *wired, const struct tp_wiring_statement *s, int value)
{
  struct tp_pass *pass = &wired->pass;
  const bool second = !s->half && (s->halved & 1u << value) != 0 && tp_pass_splits(pass);
  const int half = pass->half;
  pass->half = second ? 2 : half;
  tp_pass_wait(pass, slot_of(wired, value));
  pass->half = half;
}

static void wait_for(struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  for (int i = 0; i < s->n_in; i++)
    if ((s->waits & 1u << s->in[i]) != 0 && (i == 0 || s->in[0] != s->in[1]))
      wait_for_value(wired, s, s->in[i]);
}

/* Statements of several kernels, or of one, and the first of each layer that follows. */
static bool fuses(const struct tp_wired *wired, bool overlapped)
{
  const struct tp_style *style = &wired->pass.request->style;
  return style->fused_residual_norm && (style->fused_overlapped_residual || !overlapped);
}

static bool is_overlapped(const struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  return tp_pass_splits(&wired->pass) ? s->overlapped : s->overlapped_whole;
}

/* Whether the value's all-reduce adds the residual and normalises, too: its reader comes next, or
 * next but for the other half. */
static bool carries_norm(const struct tp_wired *wired, int value)
{
  const struct tp_request *request = wired->pass.request;
  const struct tp_style *style = &request->style;
  return (wired->wiring->carried_norms & 1u << value) != 0 && style->fused_residual_norm &&
         request->mesh.tp > 1 && !request->model->post_norms &&
         tp_block_all_reduce_bytes(&wired->pass) < style->fused_norm_max_bytes;
}

static void go_on(struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  if (s->verb == TP_WIRING_NORM && s->norm == TP_WIRING_NORM_NEXT)
    tp_pass_next_layer(&wired->pass);
}

static void add_norm(struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  const bool carried = s->waits != 0 && wired->pass.exchange && carries_norm(wired, s->in[1]);
  go_on(wired, &s[1]);
  tp_block_add_norm(&wired->pass,
                    (struct tp_add_norm){s->name, s[1].name, s->fused, in(wired, s, 1),
                                         gain_of(wired, s[1].norm), in(wired, s, 0),
                                         out(wired, s, 0), out(wired, &s[1], 0)},
                    is_overlapped(wired, s) && !carried);
  if (carried)
    tp_pass_last(&wired->pass)->memory.carried = true;
}

/* x += h; z = h + t; n = norm(z) */
static void add_sum_norm(struct tp_wired *wired, const struct tp_wiring_statement *s)
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
static void bind(struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  struct tp_pass *pass = &wired->pass;
  tp_operands_bind(pass, TP_VALUE_NORMED, in(wired, s, 0));
  if (s->verb == TP_WIRING_ATTENTION || s->verb == TP_WIRING_BOTH)
    tp_operands_bind(pass, TP_VALUE_ATTENTION_OUT, out(wired, s, 0));
  if (s->verb == TP_WIRING_MLP || s->verb == TP_WIRING_BOTH)
    tp_operands_bind(pass, TP_VALUE_MLP_OUT, out(wired, s, s->n_out - 1));
}

static void emit_module(struct tp_wired *wired, const struct tp_wiring_statement *s)
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

static struct tp_group group_of(const struct tp_wired *wired, enum tp_wiring_group group)
{
  const struct tp_mesh *mesh = &wired->pass.request->mesh;
  switch (group) {
  case TP_WIRING_OVER_EXPERTS:
    return tp_mesh_experts(mesh);
  case TP_WIRING_OVER_EXPERT_TENSOR:
    return tp_mesh_expert_tensor(mesh);
  default:
    return tp_mesh_tensor(mesh);
  }
}

static void emit_exchange(struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  struct tp_pass *pass = &wired->pass;
  const struct tp_exchange exchange = {.kind = s->verb == TP_WIRING_SCATTER  ? TP_REDUCE_SCATTER
                                               : s->verb == TP_WIRING_GATHER ? TP_ALL_GATHER
                                                                             : TP_ALL_REDUCE,
                                       .group = group_of(wired, s->over),
                                       .from = in(wired, s, 0),
                                       .to = out(wired, s, 0)};
  if (!tp_block_start(pass, slot_of(wired, s->in[0]), exchange))
    return;
  if (s->verb == TP_WIRING_SUM && carries_norm(wired, s->in[0]))
    tp_pass_last(pass)->collective.norm = pass->request->model->hidden;
  tp_pass_last(pass)->name =
      pass->half == 0 ? s->name : tp_arena_printf(pass->arena, "%s@%d", s->name, pass->half);
}

int tp_wiring_emit(struct tp_wired *wired, const struct tp_wiring_statement *s)
{
  struct tp_pass *pass = &wired->pass;
  if (!tp_wiring_exchanges(s->verb))
    wait_for(wired, s);
  tp_pass_share(pass, s->share);
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
    if (s->fuses == TP_WIRING_ADD_SUM_NORM &&
        fuses(wired, is_overlapped(wired, s) || is_overlapped(wired, &s[1]))) {
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
  case TP_WIRING_SCATTER:
  case TP_WIRING_GATHER:
    emit_exchange(wired, s);
    return 1;
  case TP_WIRING_WAIT:
  case TP_WIRING_SPLIT:
  case TP_WIRING_JOIN:
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
