#include "predict/point.h"

#include "cost/style.h"

#include <math.h>

int64_t tp_point_capacity(const struct tp_point *point)
{
  return point->prompt + point->generate;
}

int64_t tp_point_sequences(const struct tp_point *point)
{
  const int64_t dp = point->mesh.dp > 1 ? point->mesh.dp : 1;
  return (point->batch + dp - 1) / dp;
}

/* That are worked on at once. */
static int64_t sequences_of(const struct tp_point *point)
{
  return point->micro_batch > 0 ? point->micro_batch : tp_point_sequences(point);
}

int64_t tp_point_micro_batches(const struct tp_point *point)
{
  return tp_point_sequences(point) / sequences_of(point);
}

/* Tokens of all sequences that a step takes. */
static int64_t prefill_tokens(const struct tp_point *point)
{
  const int64_t all = sequences_of(point) * point->prompt;
  const int64_t most = tp_stack_prefill_tokens(point->stack, point->device->datasheet.dram_bytes);
  return !tp_point_generates(point) || most == 0 || most > all ? all : most;
}

int64_t tp_point_prefill_steps(const struct tp_point *point)
{
  const int64_t all = sequences_of(point) * point->prompt, tokens = prefill_tokens(point);
  return (all + tokens - 1) / tokens;
}

int64_t tp_point_prefill_alike(const struct tp_point *point, int64_t step)
{
  const int64_t all = sequences_of(point) * point->prompt, tokens = prefill_tokens(point);
  const int64_t whole = tokens % point->prompt == 0 ? all / tokens : 0;
  return step < whole ? whole - step : 1;
}

static void add_chunk(struct tp_batch *batch, struct tp_chunk chunk)
{
  if (chunk.sequences > 0 && chunk.tokens > 0)
    batch->chunks[batch->n++] = chunk;
}

/* The rest of a sequence that the step before began, whole ones, the beginning of one. */
struct tp_batch tp_point_prefill(const struct tp_point *point, int64_t step)
{
  const int64_t prompt = point->prompt, tokens = prefill_tokens(point);
  const int64_t first = step * tokens, left = sequences_of(point) * prompt - first;
  int64_t taken = tokens < left ? tokens : left;
  struct tp_batch batch; /* whose chunks are many, and mostly unused */
  batch.n = 0;
  if (first % prompt > 0) {
    const int64_t rest = prompt - first % prompt, some = rest < taken ? rest : taken;
    add_chunk(&batch, (struct tp_chunk){1, some, first % prompt});
    taken -= some;
  }
  add_chunk(&batch, (struct tp_chunk){taken / prompt, prompt, 0});
  add_chunk(&batch, (struct tp_chunk){1, taken % prompt, 0});
  return batch;
}

struct tp_batch tp_point_decode(const struct tp_point *point, int64_t kv_len)
{
  return tp_batch_decode(sequences_of(point), kv_len);
}

struct tp_request tp_point_request(const struct tp_point *point, int stage,
                                   const struct tp_batch *batch)
{
  return (struct tp_request){
      .model = point->model,
      .mesh = point->mesh,
      .stage = stage,
      .interleave = point->interleave,
      .batch = *batch,
      .kv_capacity = tp_point_capacity(point),
      .dtype = point->dtype,
      .dtypes = point->dtypes,
      .kv_dtype = point->kv_dtype,
      .style = tp_style_of(point->stack, point->mesh.tp),
      .train = point->workload.train,
      .training = point->workload.training,
      .operands = point->mesh.pp > 1 && !point->workload.train, /* by which stages are cut */
  };
}

bool tp_point_generates(const struct tp_point *point)
{
  return !point->workload.train && !point->workload.alone;
}

int64_t tp_point_generated(const struct tp_point *point)
{
  return tp_point_generates(point) ? point->generate : 1;
}

bool tp_point_cache_is_static(const struct tp_point *point)
{
  return point->stack->attention.kv_cache == TP_KV_STATIC;
}

int64_t tp_point_first_kv_len(const struct tp_point *point)
{
  return tp_point_cache_is_static(point) ? tp_point_capacity(point) : point->prompt + 1;
}

static enum tp_status check_layout(const struct tp_point *point, const struct tp_machine *machine,
                                   struct tp_error *error)
{
  const struct tp_mesh *const mesh = &point->mesh;
  if (point->workload.train && tp_dtype_bytes(point->dtype) < 1)
    return tp_fail(error, TP_E_INPUT, "dtype %s: nobody trains in it here; take fp16, bf16 or fp8",
                   tp_dtype_text(point->dtype));
  if (mesh->ep > 1 && mesh->dp * mesh->tp != mesh->ep * mesh->etp)
    return tp_fail(error, TP_E_INPUT,
                   "ep %d does not divide the %d GPUs of tp %d and dp %d; take a divisor", mesh->ep,
                   mesh->dp * mesh->tp, mesh->tp, mesh->dp);
  if (point->mesh.pp != 1 && point->workload.alone)
    return tp_fail(error, TP_E_INPUT, "pp %d: a sub-layer alone has no stages; take pp 1",
                   point->mesh.pp);
  if (point->nodes != 0 && point->nodes != tp_machine_nodes(machine))
    return tp_fail(error, TP_E_INPUT, "nodes %d: tp %d, pp %d on %s sits on %d; leave nodes out",
                   point->nodes, point->mesh.tp, point->mesh.pp, point->platform->name,
                   tp_machine_nodes(machine));
  return TP_OK;
}

static enum tp_status check_positions(const struct tp_point *point, struct tp_error *error)
{
  const struct tp_model *model = point->model;
  const int64_t generated = tp_point_generated(point);
  const int64_t last =
      point->prompt + (generated > 0 ? generated - 1 : 0); /* the last token is not fed back */
  if (model->max_positions == 0 || last <= model->max_positions)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "prompt + generate - 1 = %lld positions and %s has learned %lld: shorten them",
                 (long long)last, model->name, (long long)model->max_positions);
}

/* What of the model no op here does. */
static enum tp_status check_model(const struct tp_point *point, struct tp_error *error)
{
  const struct tp_model *const model = point->model;
  const int64_t tokens = tp_point_capacity(point);
  if (point->refused != NULL)
    return tp_fail(error, TP_E_INPUT, "model %s: %s", model->name, point->refused);
  if (model->chunk > 0 && tokens > model->chunk)
    return tp_fail(
        error, TP_E_INPUT,
        "model %s: %lld tokens are more than a chunk of its attention, %lld, which no op "
        "here does; shorten prompt or generate",
        model->name, (long long)tokens, (long long)model->chunk);
  return TP_OK;
}

enum tp_status tp_point_check(const struct tp_point *point, const struct tp_machine *machine,
                              struct tp_error *error)
{
  TP_TRY(check_layout(point, machine, error));
  TP_TRY(check_model(point, error));
  return check_positions(point, error);
}

bool tp_point_same_point(const struct tp_point *a, const struct tp_point *b)
{
  return a->model == b->model && a->platform == b->platform && a->device == b->device &&
         a->stack == b->stack && tp_mesh_same(&a->mesh, &b->mesh) && a->nodes == b->nodes &&
         a->batch == b->batch && a->micro_batch == b->micro_batch &&
         a->interleave == b->interleave && a->prompt == b->prompt && a->generate == b->generate &&
         a->dtype == b->dtype && a->dtypes == b->dtypes && a->kv_dtype == b->kv_dtype &&
         a->engine == b->engine && a->detail == b->detail && a->collective == b->collective &&
         tp_workload_same(&a->workload, &b->workload);
}

static const char *kv_dtype_text(const struct tp_point *point)
{
  if (!tp_point_generates(point))
    return "";
  return point->kv_dtype == TP_KV_AUTO ? tp_dtype_text(tp_dtype_wide(point->dtype))
                                       : tp_kv_dtype_text(point->kv_dtype);
}

void tp_point_describe(const struct tp_point *point, struct tp_prediction *row)
{
  row->model = point->model->name;
  row->platform = point->platform->name;
  row->stack = point->stack->name;
  row->variant = point->variant->text;
  row->tp = point->mesh.tp;
  row->pp = point->mesh.pp;
  row->dp = point->mesh.dp;
  row->ep = point->mesh.ep;
  row->nodes = point->nodes > 0 ? (double)point->nodes : (double)NAN;
  row->batch = (double)point->batch;
  row->prompt = (double)point->prompt;
  row->generate = tp_point_generates(point) ? (double)point->generate : (double)NAN;
  row->phase = tp_workload_text(&point->workload);
  row->layers = point->layers > 0 ? (double)point->layers : (double)NAN;
  row->micro_batch = point->micro_batch > 0 ? (double)point->micro_batch : (double)NAN;
  row->interleave = point->interleave > 0 ? point->interleave : (double)NAN;
  row->dtype = point->dtype_text != NULL ? point->dtype_text : tp_dtype_text(point->dtype);
  row->kv_dtype = kv_dtype_text(point);
  row->engine = point->engine->name;
}
