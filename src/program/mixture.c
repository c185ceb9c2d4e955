/* The feed-forward of a layer with experts.
 *
 *     router, top-k      which experts a token goes to, on every rank alike
 *     dispatch           the tokens of all replicas to the ranks that have their experts
 *     shared experts     under the dispatch, cut over the tensor ranks; or in the experts' kernel
 *     experts            of this rank, over the tokens of all replicas
 *     combine            the sums back to the replica that the tokens are of
 *
 * With one replica every rank has all tokens: nothing is dispatched, and the all-reduce of the
 * module sums over experts and their parts.  With several, tokens are gathered and sums are
 * scattered over the replicas, or travel to the ranks of their experts, by all-to-alls or by
 * kernels made for it (enum tp_dispatch). */
#include "program/block.h"

enum tp_algorithm tp_dispatch_algorithm(enum tp_dispatch dispatch)
{
  static const enum tp_algorithm algorithms[] = {
      [TP_DISPATCH_GATHER] = TP_ALGORITHM_AUTO,
      [TP_DISPATCH_ALL_TO_ALL] = TP_ALGORITHM_AUTO,
      [TP_DISPATCH_DEEPEP] = TP_ALGORITHM_DEEPEP,
      [TP_DISPATCH_DEEPEP_LOW_LATENCY] = TP_ALGORITHM_DEEPEP_LOW_LATENCY,
      [TP_DISPATCH_NVLINK_ONE_SIDED] = TP_ALGORITHM_NVLINK_ONE_SIDED,
      [TP_DISPATCH_NVLINK_TWO_SIDED] = TP_ALGORITHM_NVLINK_TWO_SIDED};
  return algorithms[dispatch];
}

static int64_t replicas(const struct tp_pass *pass)
{
  return pass->request->mesh.dp;
}

static enum tp_dispatch dispatch_of(const struct tp_pass *pass)
{
  return tp_style_dispatch(&pass->request->style, &pass->request->batch);
}

/* Every rank reads all of the router, so the choice travels nowhere. */
static void route(struct tp_pass *pass)
{
  const struct tp_expert_shape *const all = &pass->request->model->experts;
  tp_block_project(pass, "moe.router", TP_PROJECTION_ROUTER);
  TP_READS(pass, TP_VALUE_NORMED, TP_VALUE_ROUTER_WEIGHT,
           tp_block_shift(pass, TP_PROJECTION_ROUTER, TP_VALUE_ROUTER_SHIFT));
  TP_WRITES(pass, TP_VALUE_SCORES);
  const double tokens = (double)pass->tokens;
  tp_pass_memory(pass, TP_FUNCTION_TOP_K, "moe.top_k", tokens * (double)all->count,
                 tokens * 2 * (double)all->top_k);
  TP_READS(pass, TP_VALUE_SCORES);
  TP_WRITES(pass, TP_VALUE_CHOICE, TP_VALUE_CHOICE_WEIGHTS);
}

/* Elements of a rank's buffer: the rows of all replicas, or those that it sends. */
static double exchanged_elements(const struct tp_pass *pass)
{
  const struct tp_expert_shape *const all = &pass->request->model->experts;
  const double own = (double)pass->tokens * (double)pass->block.hidden;
  if (dispatch_of(pass) == TP_DISPATCH_GATHER)
    return own * (double)replicas(pass);
  return own * tp_ranks_met((double)all->count, (double)all->top_k, (double)pass->request->mesh.ep);
}

/* Activations travel as experts multiply them, sums as wide as all others. */
static void by_kernel(struct tp_pass *pass, enum tp_slot slot, enum tp_collective_kind kind)
{
  const struct tp_expert_shape *const all = &pass->request->model->experts;
  const enum tp_dtype multiplied = tp_request_dtype(pass->request, TP_PART_EXPERTS);
  const bool narrow = kind == TP_DISPATCH && tp_dtype_quantises(multiplied);
  tp_pass_start_collective(
      pass, slot,
      (struct tp_collective){.kind = kind,
                             .group = tp_mesh_experts(&pass->request->mesh),
                             .dtype = narrow ? multiplied : pass->wide,
                             .algorithm = tp_dispatch_algorithm(dispatch_of(pass)),
                             .tokens = pass->tokens,
                             .hidden = pass->block.hidden,
                             .top_k = all->top_k,
                             .experts = all->count});
}

/* Whether replicas meet. */
static bool exchanges(const struct tp_pass *pass)
{
  return replicas(pass) > 1 && pass->exchange;
}

static void exchange(struct tp_pass *pass, enum tp_slot slot, enum tp_collective_kind kind)
{
  const bool all_to_all = dispatch_of(pass) == TP_DISPATCH_ALL_TO_ALL;
  const struct tp_mesh *const mesh = &pass->request->mesh;
  if (dispatch_of(pass) > TP_DISPATCH_ALL_TO_ALL) {
    if (slot == TP_SLOT_DISPATCH && dispatch_of(pass) == TP_DISPATCH_NVLINK_TWO_SIDED)
      by_kernel(pass, slot, TP_PREPARE);
    by_kernel(pass, slot, slot == TP_SLOT_DISPATCH ? TP_DISPATCH : TP_COMBINE);
    return;
  }
  tp_pass_start_collective(
      pass, slot,
      (struct tp_collective){.kind = all_to_all ? TP_ALL_TO_ALL : kind,
                             .group = all_to_all ? tp_mesh_experts(mesh) : tp_mesh_data(mesh),
                             .bytes = exchanged_elements(pass) * tp_dtype_bytes(pass->wide),
                             .dtype = pass->wide});
}

/* Gathers the rows of all replicas. */
static void dispatch(struct tp_pass *pass)
{
  if (!exchanges(pass))
    return;
  exchange(pass, TP_SLOT_DISPATCH, TP_ALL_GATHER);
  TP_READS(pass, TP_VALUE_NORMED);
  TP_WRITES(pass, TP_VALUE_DISPATCHED);
}

/* An MLP that all tokens meet. */
struct mlp {
  const char *up, *activation, *down;
  enum tp_projection up_by, down_by;
  int64_t ffn;
  enum tp_value up_weight, down_weight, out;
};

static void emit_mlp(struct tp_pass *pass, struct mlp mlp)
{
  const bool activates = tp_block_fuses_activation(pass);
  const double inner = (double)pass->tokens * (double)mlp.ffn;
  tp_block_project(pass, mlp.up, mlp.up_by);
  tp_pass_last(pass)->gemm.activates = activates;
  TP_READS(pass, TP_VALUE_NORMED, mlp.up_weight);
  TP_WRITES(pass, activates ? TP_VALUE_SHARED_INNER : TP_VALUE_SHARED_UP);
  if (!activates) {
    tp_pass_memory(pass, TP_FUNCTION_ACTIVATION, mlp.activation,
                   inner * (pass->block.gated ? 2 : 1), inner);
    TP_READS(pass, TP_VALUE_SHARED_UP);
    TP_WRITES(pass, TP_VALUE_SHARED_INNER);
  }
  tp_block_project(pass, mlp.down, mlp.down_by);
  TP_READS(pass, TP_VALUE_SHARED_INNER, mlp.down_weight);
  TP_WRITES(pass, mlp.out);
}

static void shared(struct tp_pass *pass)
{
  emit_mlp(pass, (struct mlp){.up = pass->block.gated ? "shared.up+gate" : "shared.up",
                              .activation = "shared.act",
                              .down = "shared.down",
                              .up_by = TP_PROJECTION_SHARED_UP,
                              .down_by = TP_PROJECTION_SHARED_DOWN,
                              .ffn = pass->block.experts.shared_ffn,
                              .up_weight = TP_VALUE_SHARED_UP_WEIGHT,
                              .down_weight = TP_VALUE_SHARED_DOWN_WEIGHT,
                              .out = TP_VALUE_SHARED_OUT});
}

/* How many shared experts the kernel of the others has: as wide and of the same type as those, on
 * ranks that have a part of each. */
static int64_t fused_shared(const struct tp_pass *pass)
{
  const struct tp_request *const request = pass->request;
  const struct tp_expert_shape *const all = &request->model->experts;
  const bool alike =
      all->ffn > 0 && all->shared_ffn % all->ffn == 0 &&
      tp_request_dtype(request, TP_PART_SHARED) == tp_request_dtype(request, TP_PART_EXPERTS);
  const bool together = request->mesh.ep == 1 && request->mesh.dp == 1;
  return request->style.fused_shared_experts && alike && together ? all->shared_ffn / all->ffn : 0;
}

/* `shared` of the shared ones among them. */
static void experts(struct tp_pass *pass, int64_t shared)
{
  const struct tp_request *const request = pass->request;
  const struct tp_expert_shape *const all = &request->model->experts;
  const bool is_sent = replicas(pass) > 1 && dispatch_of(pass) != TP_DISPATCH_GATHER;
  tp_pass_experts(pass, "moe.experts",
                  (struct tp_experts){
                      .tokens = pass->tokens * replicas(pass),
                      .hidden = pass->block.hidden,
                      .intermediate = all->ffn,
                      .top_k = all->top_k + shared,
                      .experts = all->count + shared,
                      .moe_tp = tp_mesh_expert_parts(&request->mesh),
                      .moe_ep = request->mesh.ep,
                      .skew = request->style.expert_skew,
                      .dtype = tp_request_dtype(request, TP_PART_EXPERTS),
                      .gated = pass->block.gated ? TP_GATE_YES : TP_GATE_NO,
                      .rows_held = is_sent ? TP_HOLDS_OWN : TP_HOLDS_ALL,
                  });
  TP_READS(pass, exchanges(pass) ? TP_VALUE_DISPATCHED : TP_VALUE_NORMED, TP_VALUE_CHOICE,
           TP_VALUE_CHOICE_WEIGHTS, TP_VALUE_EXPERT_UP_WEIGHT, TP_VALUE_EXPERT_DOWN_WEIGHT);
  TP_WRITES(pass, TP_VALUE_MLP_OUT);
}

/* One expert is an MLP without a choice. */
static bool is_dense(const struct tp_pass *pass)
{
  const struct tp_expert_shape *const all = &pass->request->model->experts;
  return all->count == 1 && all->shared_ffn == 0 && pass->request->mesh.dp == 1;
}

static void dense(struct tp_pass *pass)
{
  emit_mlp(pass, (struct mlp){.up = pass->block.gated ? "mlp.up+gate" : "mlp.up",
                              .activation = "mlp.act",
                              .down = "mlp.down",
                              .up_by = TP_PROJECTION_EXPERT_UP,
                              .down_by = TP_PROJECTION_EXPERT_DOWN,
                              .ffn = pass->block.experts.ffn,
                              .up_weight = TP_VALUE_EXPERT_UP_WEIGHT,
                              .down_weight = TP_VALUE_EXPERT_DOWN_WEIGHT,
                              .out = TP_VALUE_MLP_OUT});
}

void tp_block_mixture(struct tp_pass *pass)
{
  if (is_dense(pass)) {
    dense(pass);
    return;
  }
  const int64_t fused = fused_shared(pass);
  const bool apart = pass->block.experts.shared_ffn > 0 && fused == 0;
  route(pass);
  dispatch(pass);
  if (apart)
    shared(pass);
  tp_pass_wait(pass, TP_SLOT_DISPATCH);
  experts(pass, fused);
  if (apart)
    tp_block_add_to(pass, "shared.add", TP_VALUE_MLP_OUT, TP_VALUE_SHARED_OUT, TP_VALUE_MLP_OUT);
}

void tp_block_start_combine(struct tp_pass *pass, enum tp_value value)
{
  const bool last = pass->request->mesh.tp == 1 || dispatch_of(pass) != TP_DISPATCH_GATHER;
  if (!exchanges(pass))
    return;
  exchange(pass, last ? TP_SLOT_MLP : TP_SLOT_GATHER, TP_REDUCE_SCATTER);
  TP_READS(pass, value);
  TP_WRITES(pass, value);
}
