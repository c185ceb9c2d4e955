#include "program/sublayer.h"

enum { READY, DONE, MAX_OPS = 3 };

const char *tp_sublayer_text(enum tp_sublayer which)
{
  static const char *const texts[] = {
#define X(name, text) text,
      TP_SUBLAYERS(X)
#undef X
  };
  return texts[which];
}

/* The dimension that is split over ranks: k of the GEMM. */
static int64_t width_of(const struct tp_model *model, enum tp_sublayer which)
{
  const struct tp_layer layer = tp_layer_make(model, 0);
  switch (which) {
  case TP_SUBLAYER_OP:
    return tp_layer_inputs(&layer, TP_PROJECTION_OUT);
  case TP_SUBLAYER_FC2:
    return tp_layer_inputs(&layer, TP_PROJECTION_DOWN);
  case TP_SUBLAYER_FC1:
    return tp_layer_outputs(&layer, TP_PROJECTION_UP);
  case TP_SUBLAYER_IP:
    return tp_layer_outputs(&layer, TP_PROJECTION_QKV);
  case TP_N_SUBLAYERS:
    break;
  }
  return 0;
}

static enum tp_status check(const struct tp_sublayer_request *request, int64_t width,
                            struct tp_error *error)
{
  const char *name = tp_sublayer_text(request->which);
  const int tp = request->tp;
  if (tp < 1 || request->tokens < 1)
    return tp_fail(error, TP_E_INPUT, "%s of %s: tp %d and %lld tokens must be at least 1", name,
                   request->model->name, tp, (long long)request->tokens);
  if (width == 0)
    return tp_fail(error, TP_E_INPUT, "%s of %s: its first layer has no such GEMM", name,
                   request->model->name);
  if (width % tp != 0)
    return tp_fail(error, TP_E_INPUT, "%s of %s: tp %d does not divide its width %lld", name,
                   request->model->name, tp, (long long)width);
  if (request->split && request->tokens % tp != 0)
    return tp_fail(error, TP_E_INPUT, "%s of %s: tp %d does not divide %lld tokens", name,
                   request->model->name, tp, (long long)request->tokens);
  return TP_OK;
}

static struct tp_op gemm_of(const struct tp_sublayer_request *request, int64_t width)
{
  static const char *const names[] = {[TP_SUBLAYER_OP] = "attn.out",
                                      [TP_SUBLAYER_FC2] = "mlp.down",
                                      [TP_SUBLAYER_FC1] = "mlp.up.dgrad",
                                      [TP_SUBLAYER_IP] = "attn.qkv.dgrad"};
  return (struct tp_op){.name = names[request->which],
                        .kind = TP_OP_GEMM,
                        .stream = TP_STREAM_COMPUTE,
                        .records = request->tp > 1 ? READY : TP_NO_EVENT,
                        .gemm = {.m = request->tokens,
                                 .n = request->model->hidden,
                                 .k = width / request->tp,
                                 .dtype = request->dtype,
                                 .slices = 1}}; /* its traffic by the cache model */
}

static struct tp_op exchange_of(const struct tp_sublayer_request *request, const char *name,
                                enum tp_collective_kind kind)
{
  const enum tp_dtype dtype = tp_dtype_wide(request->dtype);
  return (struct tp_op){
      .name = name,
      .kind = TP_OP_COLLECTIVE,
      .stream = TP_STREAM_COMM,
      .n_waits = 1,
      .waits = {READY},
      .records = DONE,
      .collective = {.kind = kind,
                     .group = {request->tp, 1},
                     .bytes = (double)request->tokens * (double)request->model->hidden *
                              tp_dtype_bytes(dtype),
                     .dtype = dtype}};
}

enum tp_status tp_sublayer_build(const struct tp_sublayer_request *request, struct tp_arena *arena,
                                 struct tp_program *program, struct tp_error *error)
{
  const int64_t width = width_of(request->model, request->which);
  const enum tp_status status = check(request, width, error);
  if (status != TP_OK)
    return status;
  const bool backward = request->which == TP_SUBLAYER_FC1 || request->which == TP_SUBLAYER_IP;
  struct tp_op *ops = TP_NEW(arena, struct tp_op, MAX_OPS);
  size_t n = 0;
  ops[n++] = gemm_of(request, width);
  if (request->tp > 1 && request->split) {
    ops[n++] = exchange_of(request, "sublayer.reduce_scatter", TP_REDUCE_SCATTER);
    ops[n++] = exchange_of(request, "sublayer.all_gather", TP_ALL_GATHER);
  } else if (request->tp > 1) {
    ops[n++] = exchange_of(request, "sublayer.all_reduce", TP_ALL_REDUCE);
  }
  *program = (struct tp_program){
      .title = tp_sublayer_text(request->which),
      .equation = backward ? "dx = AR(dy W')      on each rank its part of dy and W"
                           : "y = AR(x W)      on each rank its part of x and W",
      .mesh = tp_mesh_of_tp(request->tp),
      .batch = tp_batch_prefill(1, request->tokens),
      .n_streams = 2,
      .n_events = 2,
      .stream_names = {[TP_STREAM_COMPUTE] = "compute", [TP_STREAM_COMM] = "comm"},
      .event_names = {[READY] = "sublayer.ready", [DONE] = "sublayer.done"},
      .n_segments = 1,
      .segments = {{.name = "sublayer", .repeat = 1, .n_ops = n, .ops = ops}},
  };
  return TP_OK;
}
