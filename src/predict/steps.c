#include "predict/steps.h"

#include "predict/collectives.h"
#include "program/sublayer.h"

#include <math.h>
#include <stdlib.h>

enum { SETS = 128, OUTCOMES = 32 /* powers of two */, WAYS = 4 };

/* What a program, its costs and its time depend on, the contexts that it decodes on aside. */
struct key {
  const struct tp_model *model;
  const struct tp_variant *variant;
  const struct tp_engine *engine;
  uint64_t machine_id;
  struct tp_mesh mesh;
  enum tp_dtype dtype;
  const enum tp_dtype *dtypes;
  enum tp_kv_dtype kv_dtype;
  enum tp_detail detail;
  enum tp_algorithm collective;
  const char *workload; /* a literal */
  struct tp_stage_pass which;
  int interleave;
  bool by_context; /* the footprint depends on contexts, too */
  const struct tp_batch *batch;
};

/* How a step went. */
struct outcome {
  bool ran;
  int64_t context; /* of its first chunk */
  struct tp_result result;
};

/* A program that decodes is run again at other contexts, and kept; any other is not wanted once it
 * has run, and lives in the scratch of its point. */
struct tp_step_entry {
  struct key key;         /* its batch: `built_for` */
  struct outcome outcome; /* of a step whose contexts are in its key */
  struct tp_batch built_for;
  bool kept;
  uint64_t turn;             /* of the memo, that a program that is not kept was built in */
  struct tp_arena *arena;    /* of what is kept; NULL: nothing was */
  struct tp_program program; /* of one that is gone the numbers alone mean something */
  struct tp_priced priced;   /* program NULL: not priced yet */
  struct outcome *outcomes;  /* by context, of one that decodes: OUTCOMES; NULL: none */
};

/* The entries that a key may have, and the hashes of theirs, which tell most of them apart where
 * the entries themselves are not in the processor's cache. */
struct set {
  uint64_t hashes[WAYS];
  struct tp_step_entry *ways[WAYS];
  int oldest;
};

struct tp_step_memo {
  uint64_t turn; /* counts points */
  struct set sets[SETS];
  size_t n_spare;
  struct tp_arena *spare[SETS * WAYS]; /* that no entry has */
};

struct tp_step_memo *tp_step_memo_create(void)
{
  struct tp_step_memo *memo = calloc(1, sizeof *memo);
  if (memo == NULL)
    tp_out_of_memory();
  return memo;
}

static void free_entry(struct tp_step_entry *entry)
{
  if (entry == NULL)
    return;
  tp_arena_free(entry->arena);
  free(entry);
}

/* An entry of nobody's, which no key is the same as; NULL: a new one. */
static struct tp_step_entry *emptied(struct tp_step_memo *memo, struct tp_step_entry *entry)
{
  if (entry == NULL)
    entry = calloc(1, sizeof *entry);
  if (entry == NULL)
    tp_out_of_memory();
  if (entry->arena != NULL)
    memo->spare[memo->n_spare++] = entry->arena;
  entry->arena = NULL;
  entry->key.model = NULL;
  entry->outcome.ran = false;
  entry->outcomes = NULL;
  return entry;
}

/* The one that was left last: most of it is in the processor's cache. */
static struct tp_arena *spare_arena(struct tp_step_memo *memo)
{
  if (memo->n_spare == 0)
    return tp_arena_create();
  struct tp_arena *const arena = memo->spare[--memo->n_spare];
  tp_arena_reset(arena);
  return arena;
}

void tp_step_memo_free(struct tp_step_memo *memo)
{
  for (int i = 0; memo != NULL && i < SETS * WAYS; i++)
    free_entry(memo->sets[i / WAYS].ways[i % WAYS]);
  while (memo != NULL && memo->n_spare > 0)
    tp_arena_free(memo->spare[--memo->n_spare]);
  free(memo);
}

static struct key key_of(const struct tp_steps *steps, struct tp_stage_pass which,
                         const struct tp_batch *batch)
{
  const struct tp_point *const point = steps->point;
  return (struct key){
      .model = point->model,
      .variant = point->variant,
      .engine = point->engine,
      .mesh = point->mesh,
      .machine_id = steps->timing.machine->id,
      .dtype = point->dtype,
      .dtypes = point->dtypes,
      .kv_dtype = point->kv_dtype,
      .detail = point->detail,
      .collective = point->collective,
      .workload = tp_workload_text(&point->workload),
      .which = which,
      .interleave = point->interleave,
      .by_context = point->stack->attention.decode == TP_ATTENTION_MATERIALISED,
      .batch = batch,
  };
}

static bool same_pass(struct tp_stage_pass a, struct tp_stage_pass b)
{
  return a.stage == b.stage && a.pass == b.pass;
}

static bool same_batch(const struct key *a, const struct tp_batch *batch)
{
  return a->by_context ? tp_batch_same(a->batch, batch) : tp_batch_alike(a->batch, batch);
}

static bool same_key(const struct key *a, const struct key *b)
{
  return a->model == b->model && a->variant == b->variant && a->engine == b->engine &&
         a->machine_id == b->machine_id && tp_mesh_same(&a->mesh, &b->mesh) &&
         a->dtype == b->dtype && a->dtypes == b->dtypes && a->kv_dtype == b->kv_dtype &&
         a->detail == b->detail && a->collective == b->collective &&
         same_pass(a->which, b->which) && a->interleave == b->interleave &&
         a->workload == b->workload && same_batch(a, b->batch);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
  hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct key *key)
{
  uint64_t hash = mix(0, (uint64_t)(uintptr_t)key->model);
  hash = mix(hash, (uint64_t)(uintptr_t)key->variant);
  hash = mix(hash, (uint64_t)(4 * key->which.stage + (int)key->which.pass) << 46 |
                       (uint64_t)key->mesh.dp << 24 | (uint64_t)key->mesh.ep);
  hash = mix(hash, key->machine_id << 8 | (uint64_t)key->dtype);
  for (int i = 0; i < key->batch->n; i++) {
    const struct tp_chunk *const chunk = &key->batch->chunks[i];
    hash = mix(hash, (uint64_t)chunk->sequences);
    hash = mix(hash, (uint64_t)chunk->tokens << 1 | (uint64_t)tp_chunk_decodes(chunk));
  }
  return hash;
}

/* Whether contexts of the step are in no key. */
static bool decodes_some(const struct tp_batch *batch)
{
  for (int i = 0; i < batch->n; i++)
    if (tp_chunk_decodes(&batch->chunks[i]))
      return true;
  return false;
}

static enum tp_status build_sublayer(const struct tp_steps *steps, const struct tp_batch *batch,
                                     struct tp_arena *arena, struct tp_program *program,
                                     struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  const struct tp_sublayer_request sublayer = {.model = point->model,
                                               .which = point->workload.sublayer,
                                               .tp = point->mesh.tp,
                                               .tokens = tp_batch_tokens(batch),
                                               .dtype = point->dtype};
  const struct tp_request request = tp_point_request(point, 0, batch);
  TP_TRY(tp_sublayer_build(&sublayer, arena, program, error));
  return tp_variant_rearrange(point->variant, &request, arena, program, error);
}

/* Where what belongs to the entry's program lives. */
static struct tp_arena *home_of(const struct tp_steps *steps, const struct tp_step_entry *entry)
{
  return entry->kept ? entry->arena : steps->scratch;
}

static enum tp_status build(const struct tp_steps *steps, struct tp_stage_pass which,
                            const struct tp_batch *batch, struct tp_step_entry *entry,
                            struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  struct tp_program *const program = &entry->program;
  entry->kept = decodes_some(batch);
  entry->turn = steps->memo->turn;
  entry->priced.program = NULL;
  if (entry->kept && entry->arena == NULL)
    entry->arena = spare_arena(steps->memo);
  struct tp_arena *const arena = home_of(steps, entry);
  if (point->workload.alone) {
    TP_TRY(build_sublayer(steps, batch, arena, program, error));
  } else {
    struct tp_request request = tp_point_request(point, which.stage, batch);
    request.pass = which.pass;
    TP_TRY(tp_variant_build(point->variant, &request, arena, program, error));
  }
  program->batch = *batch;
  return tp_collective_choose(program, &steps->timing.machine->machine, point->collective, error);
}

static enum tp_status find_in_memo(const struct tp_steps *steps, struct tp_stage_pass which,
                                   const struct tp_batch *batch, struct tp_step_entry **found,
                                   struct tp_error *error)
{
  const struct key key = key_of(steps, which, batch);
  const uint64_t hash = hash_of(&key);
  struct set *const set = &steps->memo->sets[(size_t)(hash >> 20) & (SETS - 1)];
  for (int i = 0; i < WAYS; i++)
    if (set->hashes[i] == hash && set->ways[i] != NULL && same_key(&set->ways[i]->key, &key)) {
      *found = set->ways[i];
      return TP_OK;
    }
  struct tp_step_entry **const way = &set->ways[set->oldest];
  struct tp_step_entry *const entry = *way = emptied(steps->memo, *way);
  set->hashes[set->oldest] = hash;
  TP_TRY(build(steps, which, batch, entry, error));
  entry->key = key;
  entry->built_for = *batch;
  entry->key.batch = &entry->built_for;
  set->oldest = (set->oldest + 1) % WAYS;
  *found = entry;
  return TP_OK;
}

/* The entry of a stage's step, which was built for a batch that is alike: mostly that of the
 * prefill or of the decode step before, for footprints are asked for before times, and a generation
 * is many steps. */
static enum tp_status find(struct tp_steps *steps, struct tp_stage_pass which,
                           const struct tp_batch *batch, struct tp_step_entry **found,
                           struct tp_error *error)
{
  struct tp_step_entry **const last = &steps->last[decodes_some(batch)];
  if (*last == NULL || !same_pass((*last)->key.which, which) || !same_batch(&(*last)->key, batch)) {
    *last = NULL;
    TP_TRY(find_in_memo(steps, which, batch, last, error));
  }
  *found = *last;
  return TP_OK;
}

enum tp_status tp_steps_begin(struct tp_steps *steps, struct tp_error *error)
{
  const struct tp_point *const point = steps->point;
  steps->timing = (struct tp_timing){.engine = point->engine, .detail = point->detail};
  steps->last[false] = steps->last[true] = NULL;
  steps->memo->turn++;
  TP_TRY(tp_timer_machine(steps->timer, point->platform, point->device, point->stack,
                          tp_mesh_ranks(&point->mesh), &steps->timing.machine, error));
  return tp_point_check(point, &steps->timing.machine->machine, error);
}

enum tp_status tp_steps_program(struct tp_steps *steps, struct tp_stage_pass which,
                                const struct tp_batch *batch, const struct tp_program **program,
                                struct tp_error *error)
{
  struct tp_step_entry *entry;
  TP_TRY(find(steps, which, batch, &entry, error));
  *program = &entry->program;
  return TP_OK;
}

enum tp_status tp_steps_footprint(struct tp_steps *steps, struct tp_stage_pass which,
                                  const struct tp_batch *batch, struct tp_footprint *footprint,
                                  struct tp_error *error)
{
  const struct tp_program *program;
  TP_TRY(tp_steps_program(steps, which, batch, &program, error));
  *footprint = (struct tp_footprint){
      .weight_bytes = program->weight_bytes,
      .state_bytes = program->state_bytes,
      .kv_bytes = tp_program_kv_bytes(program, tp_point_capacity(steps->point)),
      .activation_bytes = program->activation_bytes,
      .kept_bytes = program->kept_bytes};
  return TP_OK;
}

/* The program at the contexts of the batch, with its costs. */
static enum tp_status price(const struct tp_steps *steps, struct tp_stage_pass which,
                            const struct tp_batch *batch, struct tp_step_entry *entry,
                            struct tp_error *error)
{
  const struct tp_timed_machine *const machine = steps->timing.machine;
  struct tp_program *const program = &entry->program;
  if (!entry->kept && entry->turn != steps->memo->turn)
    TP_TRY(build(steps, which, batch, entry, error));
  const bool same = tp_batch_same(&program->batch, batch);
  if (entry->priced.program != NULL) {
    if (!same)
      tp_timer_reprice(steps->timer, machine, program, batch, &entry->priced);
    return TP_OK;
  }
  if (!same)
    tp_program_set_contexts(program, batch);
  struct tp_arena *const arena = home_of(steps, entry);
  tp_timer_price(steps->timer, machine, program, arena, &entry->priced);
  if (steps->timing.engine->plan != NULL)
    entry->priced.plan = steps->timing.engine->plan(program, arena);
  return TP_OK;
}

/* NULL of a step that decodes beside other chunks. */
static struct outcome *outcome_of(struct tp_step_entry *entry, const struct tp_batch *batch)
{
  if (!entry->kept)
    return &entry->outcome;
  if (batch->n > 1)
    return NULL;
  if (entry->outcomes == NULL)
    entry->outcomes = TP_NEW(entry->arena, struct outcome, OUTCOMES);
  const uint64_t hash = mix(0, (uint64_t)batch->chunks[0].context);
  return &entry->outcomes[(size_t)(hash >> 20) & (OUTCOMES - 1)];
}

enum tp_status tp_steps_run_stage(struct tp_steps *steps, struct tp_stage_pass which,
                                  const struct tp_batch *batch, struct tp_result *result,
                                  struct tp_error *error)
{
  struct tp_step_entry *entry;
  TP_TRY(find(steps, which, batch, &entry, error));
  struct outcome *const outcome = steps->timing.timeline == NULL ? outcome_of(entry, batch) : NULL;
  if (outcome != NULL && outcome->ran && outcome->context == batch->chunks[0].context) {
    *result = outcome->result;
    return TP_OK;
  }
  TP_TRY(price(steps, which, batch, entry, error));
  TP_TRY(tp_timing_run(&steps->timing, &entry->priced, steps->scratch, result, error));
  if (outcome != NULL)
    *outcome = (struct outcome){true, batch->chunks[0].context, *result};
  return TP_OK;
}

/* Stages take their turns, so that times add up, and err alike; what a GPU does is the mean. */
static void add_stage(const struct tp_result *stage, double stages, struct tp_result *sum)
{
  const double deviation_s = sqrt(sum->variance) + sqrt(stage->variance);
  sum->total_s += stage->total_s;
  sum->compute_s += stage->compute_s;
  sum->comm_s += stage->comm_s;
  sum->comm_exposed_s += stage->comm_exposed_s;
  sum->flops += stage->flops / stages;
  sum->dram_bytes += stage->dram_bytes / stages;
  sum->link_bytes += stage->link_bytes / stages;
  sum->variance = deviation_s * deviation_s;
}

/* Its stages one after another, each on its own ranks. */
static enum tp_status run_stages(struct tp_steps *steps, const struct tp_batch *batch,
                                 struct tp_result *result, struct tp_error *error)
{
  const int stages = steps->point->mesh.pp, ranks = tp_mesh_stage_ranks(&steps->point->mesh);
  if (stages == 1)
    return tp_steps_run_stage(steps, (struct tp_stage_pass){.stage = 0}, batch, result, error);
  struct tp_timeline nobodys = {.offset_s = 0};
  struct tp_timeline *const timeline =
      steps->timing.timeline != NULL ? steps->timing.timeline : &nobodys;
  const double began_s = timeline->offset_s;
  *result = (struct tp_result){0};
  for (int stage = 0; stage < stages; stage++) {
    struct tp_result one;
    tp_timeline_place(timeline, stage * ranks, ranks, began_s + result->total_s);
    TP_TRY(tp_steps_run_stage(steps, (struct tp_stage_pass){.stage = stage}, batch, &one, error));
    add_stage(&one, stages, result);
  }
  timeline->offset_s = began_s;
  return TP_OK;
}

enum tp_status tp_steps_run(struct tp_steps *steps, const struct tp_batch *batch,
                            struct tp_result *result, struct tp_error *error)
{
  TP_TRY(run_stages(steps, batch, result, error));
  if (tp_point_generates(steps->point))
    result->total_s += tp_cost_host_s(steps->point->stack, batch);
  return TP_OK;
}
