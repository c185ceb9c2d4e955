#include "program/stage.h"

#include "program/live.h"

#include <assert.h>
#include <string.h>

struct tp_stage tp_stage_of(const struct tp_request *request)
{
  const struct tp_model *const model = request->model;
  const int stages = tp_request_stages(request), index = request->stage;
  if (stages <= 1)
    return (struct tp_stage){.first = 0, .count = model->layers};
  const int64_t least = model->layers / stages, more = model->layers % stages;
  return (struct tp_stage){.first = index * least + (index < more ? index : more),
                           .count = least + (index < more)};
}

enum tp_status tp_stage_check(const struct tp_request *request, struct tp_error *error)
{
  const int pp = request->mesh.pp, stages = tp_request_stages(request);
  const long long layers = (long long)request->model->layers;
  if (stages <= 1 || stages <= layers)
    return TP_OK;
  if (stages > pp)
    return tp_fail(error, TP_E_INPUT,
                   "pp %d, interleave %d: a stage takes one layer or more, and %s has %lld in this "
                   "run for %d stages; take fewer, or more layers",
                   pp, request->interleave, request->model->name, layers, stages);
  return tp_fail(error, TP_E_INPUT,
                 "pp %d: a stage takes one layer or more, and %s has %lld in this run; take pp "
                 "%lld or less, or more layers",
                 pp, request->model->name, layers, layers);
}

/* The part of a segment's repetitions that lies between two layers, as segments of their own. */
struct cutter {
  const struct tp_request *request;
  struct tp_arena *arena;
  struct tp_excerpt *part;
  struct tp_error *error;
};

static int64_t turns_of(const struct tp_segment *segment)
{
  int last = 0;
  for (size_t i = 0; i < segment->n_ops; i++)
    last = segment->ops[i].turn > last ? segment->ops[i].turn : last;
  return last + 1;
}

/* Turns `first` .. `last - 1` of repetition `repetition`, `repeat` times. */
static enum tp_status append_turns(struct cutter *cutter, const struct tp_segment *segment,
                                   int64_t repetition, int64_t first, int64_t last, int64_t repeat)
{
  const int layers = (int)(segment->layers / turns_of(segment) * (last - first)); /* or below 0 */
  struct tp_op *const ops = TP_NEW_RAW(cutter->arena, struct tp_op, segment->n_ops);
  size_t n = 0;
  for (size_t i = 0; i < segment->n_ops; i++)
    if (segment->ops[i].turn >= first && segment->ops[i].turn < last) {
      ops[n] = segment->ops[i];
      ops[n].turn -= (int)first;
      ops[n].layer += (int)repetition * segment->layers;
      n++;
    }
  struct tp_segment part = *segment;
  part.repeat = repeat;
  part.layers = layers;
  part.ops = ops;
  part.n_ops = n;
  return tp_excerpt_append(cutter->part, part, cutter->error);
}

/* Turns `from` .. `to - 1` of all repetitions together. */
static enum tp_status append_between(struct cutter *cutter, const struct tp_segment *segment,
                                     int64_t from, int64_t to)
{
  const int64_t n = turns_of(segment);
  while (from < to) {
    const int64_t first = from % n, left = to - from;
    const bool whole = first == 0 && left >= n;
    const int64_t turns = whole ? n : left < n - first ? left : n - first;
    const int64_t repeat = whole ? left / n : 1;
    TP_TRY(append_turns(cutter, segment, from / n, first, first + turns, repeat));
    from += turns * repeat;
  }
  return TP_OK;
}

static int64_t layers_of(const struct tp_segment *segment)
{
  return segment->layers < 0 ? -segment->layers : segment->layers;
}

/* Turns of the segment, which begins at layer `start`, that stand before layer `layer`. */
static enum tp_status turns_before(const struct cutter *cutter, const struct tp_segment *segment,
                                   int64_t start, int64_t layer, int64_t *turns)
{
  const int64_t at_a_time = layers_of(segment) / turns_of(segment);
  const int64_t most = segment->repeat * layers_of(segment);
  const int64_t before = layer < start ? 0 : layer - start > most ? most : layer - start;
  *turns = before / at_a_time;
  if (before % at_a_time == 0)
    return TP_OK;
  return tp_fail(
      cutter->error, TP_E_INPUT,
      "%d stages: one begins at layer %lld, and this variant takes layers %lld at a time: "
      "take stages of as many",
      tp_request_stages(cutter->request), (long long)layer, (long long)at_a_time);
}

/* Whether what stands between layers, `at` of them behind it, belongs to those from `first` on,
 * before `end`: to the layer after it, and behind the last of the model to that; on the way back
 * the other way round. */
static bool has(const struct cutter *cutter, int64_t at, int64_t first, int64_t end)
{
  const int64_t layers = cutter->request->model->layers;
  if (tp_training_goes_back(cutter->request->pass))
    return at > first && at <= end;
  return (at >= first && at < end) || (at == layers && end == layers);
}

/* What the layers from `first` on, before `end`, consist of; with what precedes the first of the
 * model and follows its last.  A training step has the model's layers twice, there and back. */
static enum tp_status cut_between(struct cutter *cutter, const struct tp_program *program,
                                  int64_t first, int64_t end)
{
  int64_t at = 0;
  cutter->part->n = 0;
  for (size_t i = 0; i < program->n_segments; i++) {
    const struct tp_segment *const segment = &program->segments[i];
    if (segment->layers == 0) {
      if (has(cutter, at, first, end))
        TP_TRY(tp_excerpt_append(cutter->part, *segment, cutter->error));
      continue;
    }
    int64_t from, to;
    TP_TRY(turns_before(cutter, segment, at, first, &from));
    TP_TRY(turns_before(cutter, segment, at, end, &to));
    TP_TRY(append_between(cutter, segment, from, to));
    at += segment->repeat * layers_of(segment);
  }
  return TP_OK;
}

/* The last kernel of every stream is waited for, but the sends' own and that of gradients. */
static void wait_for_all(struct tp_program *program, const struct tp_excerpt *part,
                         struct tp_op *send)
{
  for (int stream = 0; stream < program->n_streams; stream++) {
    const bool own = stream == send->stream || (stream == program->aside && stream > 0);
    struct tp_op *const last = own ? NULL : tp_excerpt_last(part, stream);
    if (last == NULL)
      continue;
    if (last->records == TP_NO_EVENT) {
      program->event_names[program->n_events] = "stage.ready";
      last->records = program->n_events++;
    }
    send->waits[send->n_waits++] = last->records;
  }
}

/* A segment of one op, which sends so much to another stage; `live`, where ops say tensors. */
static enum tp_status append_send(struct cutter *cutter, struct tp_program *program, double bytes,
                                  const struct tp_live *live)
{
  struct tp_op *const send = TP_NEW(cutter->arena, struct tp_op, 1);
  *send = (struct tp_op){.name = "stage.send",
                         .kind = TP_OP_COLLECTIVE,
                         .stream = TP_STREAM_COMM,
                         .records = TP_NO_EVENT,
                         .collective = {.kind = TP_SEND,
                                        .group = tp_mesh_stages(&cutter->request->mesh),
                                        .bytes = bytes,
                                        .dtype = tp_dtype_wide(cutter->request->dtype)}};
  for (int i = 0; live != NULL && i < live->n && i < TP_MAX_INPUTS; i++)
    send->in[send->n_in++] = live->tensors[i];
  wait_for_all(program, cutter->part, send);
  return tp_excerpt_append(
      cutter->part, (struct tp_segment){.name = "send", .repeat = 1, .n_ops = 1, .ops = send},
      cutter->error);
}

/* What a rank sends of a tensor of so many bytes, which all tensor ranks have. */
static double sent_bytes(const struct tp_request *request, double bytes)
{
  return request->style.sends == TP_SENDS_WHOLE ? bytes : bytes / request->mesh.tp;
}

/* A segment before the part's own that gathers what came in slices; the first kernel waits for it.
 */
static enum tp_status prepend_gather(struct cutter *cutter, struct tp_program *program,
                                     double bytes)
{
  if (cutter->request->style.sends != TP_SENDS_SLICES || cutter->request->mesh.tp == 1 ||
      bytes == 0)
    return TP_OK;
  struct tp_op *const gather = TP_NEW(cutter->arena, struct tp_op, 1);
  *gather = (struct tp_op){.name = "stage.all_gather",
                           .kind = TP_OP_COLLECTIVE,
                           .stream = TP_STREAM_COMM,
                           .records = program->n_events,
                           .collective = {.kind = TP_ALL_GATHER,
                                          .group = tp_mesh_tensor(&cutter->request->mesh),
                                          .bytes = bytes,
                                          .dtype = tp_dtype_wide(cutter->request->dtype)}};
  program->event_names[program->n_events++] = "stage.gathered";
  struct tp_excerpt *const part = cutter->part;
  struct tp_op *const first = &part->segments[0].ops[0];
  assert(first->n_waits < TP_MAX_WAITS);
  first->waits[first->n_waits++] = gather->records;
  const struct tp_segment segment = {.name = "gather", .repeat = 1, .n_ops = 1, .ops = gather};
  TP_TRY(tp_excerpt_append(part, segment, cutter->error));
  memmove(&part->segments[1], part->segments, (part->n - 1) * sizeof *part->segments);
  part->segments[0] = segment;
  return TP_OK;
}

static void take(struct tp_program *program, const struct tp_excerpt *part)
{
  memcpy(program->segments, part->segments, part->n * sizeof *part->segments);
  program->n_segments = part->n;
}

/* The layers on the way back stand behind those on the way there, the last first. */
static enum tp_status cut_training(const struct tp_request *request, struct tp_arena *arena,
                                   struct tp_program *program, struct tp_error *error)
{
  const struct tp_stage stage = tp_stage_of(request);
  const int64_t end = stage.first + stage.count, layers = request->model->layers;
  const bool back = tp_training_goes_back(request->pass);
  if (request->pass == TP_TRAINING_UPDATE) { /* no layer's */
    program->n_segments = 0;
    return TP_OK;
  }
  struct tp_excerpt own;
  struct cutter cutter = {.request = request, .arena = arena, .part = &own, .error = error};
  TP_TRY(cut_between(&cutter, program, back ? 2 * layers - end : stage.first,
                     back ? 2 * layers - stage.first : end));
  /* A residual that is sequence-parallel is a slice already. */
  const bool sliced = request->training.sequence_parallel;
  const double bytes = program->handed_bytes;
  if (back ? request->stage > 0 : !tp_request_ends(request))
    TP_TRY(append_send(&cutter, program, sliced ? bytes : sent_bytes(request, bytes), NULL));
  if (!sliced && (back ? !tp_request_ends(request) : request->stage > 0))
    TP_TRY(prepend_gather(&cutter, program, bytes));
  take(program, &own);
  return TP_OK;
}

enum tp_status tp_stage_cut(const struct tp_request *request, struct tp_arena *arena,
                            struct tp_program *program, struct tp_error *error)
{
  if (request->train)
    return cut_training(request, arena, program, error);
  const struct tp_stage stage = tp_stage_of(request);
  const int64_t end = stage.first + stage.count, layers = request->model->layers;
  struct tp_excerpt before, own, after;
  struct cutter cutter = {.request = request, .arena = arena, .error = error};
  if (program->n_tensors == 0)
    return tp_fail(error, TP_E_INPUT, "pp %d: stages are cut by what ops read and write, and %s",
                   request->mesh.pp, program->unsaid);

  cutter.part = &before;
  TP_TRY(cut_between(&cutter, program, 0, stage.first));
  cutter.part = &after;
  TP_TRY(cut_between(&cutter, program, end, layers));
  cutter.part = &own;
  TP_TRY(cut_between(&cutter, program, stage.first, end));

  struct tp_live live = {.tensors = {program->next}, .n = 1};
  if (end < layers) {
    TP_TRY(tp_live_before(program, &after, &live, error));
    TP_TRY(tp_live_leave_norms(program, &own, arena, &live, error));
  }
  struct tp_live received = {.n = 0};
  if (stage.first > 0) {
    TP_TRY(tp_live_receive(program, &before, &own, arena, error));
    TP_TRY(tp_live_before(program, &own, &received, error));
  }
  const double bytes = tp_live_bytes(program, &live);
  TP_TRY(append_send(&cutter, program, end < layers ? sent_bytes(request, bytes) : bytes, &live));
  TP_TRY(prepend_gather(&cutter, program, tp_live_bytes(program, &received)));
  take(program, &own);
  return TP_OK;
}
