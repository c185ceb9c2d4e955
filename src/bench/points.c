#include "bench/points.h"

struct point {
  struct tp_generation_point run;
  int tp;
  double expected_s;
  size_t first; /* item: the same with the first variant */
  int round;
};

struct points {
  struct tp_rig *rig;
  const struct tp_point_grid *grid;
  struct point *items;
  size_t n_left_out;
  bool refused; /* one of these, by its model or the platform; others for want of memory */
};

static void name_point(void *data, size_t item, struct tp_trace_row *row)
{
  const struct points *points = data;
  const struct point *point = &points->items[item];
  const struct tp_setup *setup = points->rig->setup;
  tp_trace_row_text(row, "model", point->run.model->name);
  tp_trace_row_text(row, "platform", setup->platform.name);
  tp_trace_row_text(row, "stack", setup->stack.name);
  tp_trace_row_text(row, "variant", point->run.variant->text);
  tp_trace_row_number(row, "tp", point->tp);
  tp_trace_row_number(row, "batch", (double)point->run.batch);
  tp_trace_row_number(row, "prompt", (double)point->run.prompt);
  tp_trace_row_number(row, "generate", (double)point->run.generate);
  tp_trace_row_text(row, "dtype", tp_dtype_text(point->run.dtype));
  tp_trace_row_number(row, "layers", (double)point->run.model->layers);
  tp_trace_row_number(row, "emulated", points->grid->emulated && point->tp > 1);
}

static double expect_s(void *data, size_t item)
{
  return ((const struct points *)data)->items[item].expected_s;
}

static size_t with(void *data, size_t item)
{
  return ((const struct points *)data)->items[item].first;
}

static int round_of(void *data, size_t item)
{
  return ((const struct points *)data)->items[item].round;
}

static enum tp_status issue_prefill(void *data, struct tp_error *error)
{
  return tp_generation_prefill(data, error);
}

static enum tp_status issue_step(void *data, struct tp_error *error)
{
  return tp_generation_step(data, 1, error);
}

static enum tp_status sample_layers(const struct tp_bench *bench, struct tp_generation *generation,
                                    double budget_s, struct tp_trace_row *row,
                                    struct tp_error *error)
{
  const struct tp_sampling few = {
      .budget_s = budget_s / 2, .settle_s = tp_settle_s, .least = 3, .most = 30};
  const struct tp_sampling many = {
      .budget_s = budget_s / 2, .settle_s = tp_settle_s, .least = 10, .most = 200};
  const struct tp_action prefill = {issue_prefill, generation}, step = {issue_step, generation};
  struct tp_spread ttft, tpot;
  double ttft_late_s, tpot_late_s;
  TP_TRY(tp_generation_begin_prefill(generation, error));
  TP_TRY(tp_bench_sample(bench, &few, &prefill, &ttft, error));
  TP_TRY(tp_generation_begin_step(generation, 1, error));
  TP_TRY(tp_bench_sample(bench, &many, &step, &tpot, error));
  TP_TRY(tp_generation_late(generation, 0, &ttft_late_s, error));
  TP_TRY(tp_generation_late(generation, 1, &tpot_late_s, error));
  tp_trace_row_number(row, "ttft_s", ttft.median_s);
  tp_trace_row_number(row, "tpot_s", tpot.median_s);
  tp_trace_row_number(row, "ttft_spread_s", ttft.spread_s);
  tp_trace_row_number(row, "tpot_spread_s", tpot.spread_s);
  tp_trace_row_number(row, "repeats", ttft.n);
  tp_trace_row_number(row, "ttft_late_s", ttft_late_s);
  tp_trace_row_number(row, "tpot_late_s", tpot_late_s);
  return TP_OK;
}

/* Whole generations; each with a mark after its prefill, counted down from the last one. */
struct generations {
  const struct tp_calls *calls;
  struct tp_generation *generation;
  int64_t steps;
  int n_issued;
};

static int inner_mark(int issued)
{
  return TP_MAX_MARKS - 1 - issued;
}

static enum tp_status issue_generation(void *data, struct tp_error *error)
{
  struct generations *self = data;
  struct tp_generation *generation = self->generation;
  TP_TRY(tp_generation_begin_prefill(generation, error));
  TP_TRY(tp_generation_prefill(generation, error));
  TP_TRY(self->calls->mark(self->calls->state, inner_mark(self->n_issued++), error));
  for (int64_t step = 1; step <= self->steps; step++) {
    TP_TRY(tp_generation_begin_step(generation, step, error));
    TP_TRY(tp_generation_step(generation, step, error));
  }
  return TP_OK;
}

enum { MOST_GENERATIONS = 30 };

static enum tp_status read_prefills(const struct generations *self, int n,
                                    struct tp_spread *prefill, struct tp_error *error)
{
  double samples_s[MOST_GENERATIONS];
  for (int i = 0; i < n; i++)
    TP_TRY(self->calls->seconds(self->calls->state, i, inner_mark(TP_WARM_UPS + i), &samples_s[i],
                                error));
  *prefill = tp_spread_of(samples_s, (size_t)n);
  return TP_OK;
}

static enum tp_status sample_generations(const struct tp_bench *bench,
                                         struct tp_generation *generation,
                                         const struct tp_generation_point *point, double budget_s,
                                         struct tp_trace_row *row, struct tp_error *error)
{
  const struct tp_sampling sampling = {.budget_s = budget_s, .least = 3, .most = MOST_GENERATIONS};
  struct generations self = {bench->calls, generation, point->generate - 1, 0};
  const struct tp_action action = {issue_generation, &self};
  struct tp_spread whole, prefill;
  TP_TRY(tp_bench_sample(bench, &sampling, &action, &whole, error));
  TP_TRY(read_prefills(&self, whole.n, &prefill, error));
  const double tokens = (double)(point->batch * point->generate);
  tp_trace_row_number(row, "ttft_s", prefill.median_s);
  if (self.steps > 0)
    tp_trace_row_number(row, "tpot_s", (whole.median_s - prefill.median_s) / (double)self.steps);
  tp_trace_row_number(row, "e2e_s", whole.median_s);
  tp_trace_row_number(row, "tokens_per_s", tokens / whole.median_s);
  tp_trace_row_number(row, "spread_s", whole.spread_s);
  tp_trace_row_number(row, "repeats", whole.n);
  return TP_OK;
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *error)
{
  const struct points *points = data;
  const struct point *point = &points->items[item];
  struct tp_rig_device *device;
  struct tp_generation *generation;
  enum tp_status status = tp_rig_at(points->rig, point->tp, &device, error);
  if (status == TP_OK)
    status = tp_generation_open(device, &point->run, &generation, error);
  if (status != TP_OK)
    return status;
  status = points->grid->generate > 0
               ? sample_generations(&device->bench, generation, &point->run, budget_s, row, error)
               : sample_layers(&device->bench, generation, budget_s, row, error);
  tp_generation_close(generation);
  return status;
}

/* Some memory is the libraries'; where a prompt does not fit half of it may, but one of few tokens
 * is no prefill any more.  *fits is false, and the error says why, where none does. */
static enum tp_status fit(const struct tp_machine *machine, struct point *point, bool *fits,
                          struct tp_error *error)
{
  enum { LEAST_PROMPT = 64 };
  const double most_bytes = 0.85 * machine->device->datasheet.dram_bytes;
  struct tp_generation_point *const run = &point->run;
  for (;;) {
    struct tp_generation_expected expected;
    TP_TRY(tp_generation_expect(machine, run, &expected, error));
    point->expected_s = expected.prefill_s + (double)(run->generate - 1) * expected.step_s;
    *fits = expected.memory_bytes <= most_bytes;
    if (*fits)
      return TP_OK;
    if (run->prompt / 2 < LEAST_PROMPT)
      return tp_fail(error, TP_OK,
                     "%s at tp %d, batch %lld needs %.3g GB of the %.3g that are "
                     "taken of a GPU",
                     run->model->name, tp_machine_ranks(machine), (long long)run->batch,
                     expected.memory_bytes * 1e-9, most_bytes * 1e-9);
    run->prompt /= 2;
  }
}

static const struct tp_model *cut(const struct tp_model *model, int64_t layers,
                                  struct tp_arena *arena)
{
  if (layers == 0 || layers >= model->layers)
    return model;
  struct tp_model *made = TP_NEW(arena, struct tp_model, 1);
  *made = *model;
  made->layers = layers;
  return made;
}

/* What needs no stand-in first; then the first variants at the ends of the degrees; whole
 * generations are few anyway. */
static int place(const struct tp_point_grid *grid, size_t tp, size_t variant)
{
  enum { FIRST_VARIANTS = 3 };
  if (!grid->emulated || grid->tps[tp] == 1)
    return 0;
  const size_t lowest = grid->tps[0] == 1 ? 1 : 0;
  const bool is_end = tp == lowest || tp + 1 == grid->n_tps;
  return grid->generate > 0 || (is_end && variant < FIRST_VARIANTS) ? 1 : 2;
}

/* A point that the model or the platform does not allow is left out, as one without memory is; the
 * last that was not allowed says why. */
static void add_point(struct points *points, const struct tp_machine *machine,
                      const struct tp_model *model, const struct tp_variant *variant, int64_t batch,
                      int round, size_t first, size_t *n, struct tp_error *why)
{
  const struct tp_point_grid *grid = points->grid;
  struct point point = {.run = {.model = model,
                                .variant = variant,
                                .batch = batch,
                                .prompt = grid->prompt,
                                .generate = grid->generate > 0 ? grid->generate : 2,
                                .dtype = grid->dtype},
                        .tp = tp_machine_ranks(machine),
                        .first = first,
                        .round = round};
  bool fits = false;
  const enum tp_status status = fit(machine, &point, &fits, why);
  points->refused = points->refused || status != TP_OK;
  if (fits)
    points->items[(*n)++] = point;
  else
    points->n_left_out++;
}

enum tp_status tp_agenda_points(struct tp_rig *rig, const struct tp_point_grid *grid,
                                struct tp_arena *arena, struct tp_agenda *plan,
                                struct tp_error *error)
{
  const size_t most = grid->n_models * grid->n_tps * grid->n_variants * grid->n_batches;
  struct points *points = TP_NEW(arena, struct points, 1);
  *points = (struct points){.rig = rig, .grid = grid, .items = TP_NEW(arena, struct point, most)};
  struct tp_error why = {.text = ""};
  size_t n = 0;
  for (size_t t = 0; t < grid->n_tps; t++) {
    struct tp_machine *machine = TP_NEW(arena, struct tp_machine, 1);
    TP_TRY(tp_rig_machine(rig, grid->tps[t], machine, error));
    const size_t n_variants = grid->tps[t] > 1 ? grid->n_variants : 1;
    for (size_t m = 0; m < grid->n_models; m++)
      for (size_t b = 0; b < grid->n_batches; b++) {
        const size_t first = n;
        for (size_t v = 0; v < n_variants; v++)
          add_point(points, machine, cut(&grid->models[m], grid->layers, arena), &grid->variants[v],
                    grid->batches[b], place(grid, t, v), first, &n, &why);
      }
  }
  if (n == 0 && points->refused)
    return tp_fail(error, TP_E_INPUT, "no point to measure: %s", why.text);
  *plan = (struct tp_agenda){.n = n,
                             .n_left_out = points->n_left_out,
                             .left_out =
                                 points->n_left_out > 0 ? tp_arena_strdup(arena, why.text) : NULL,
                             .layout = tp_points_layout(grid),
                             .data = points,
                             .name = name_point,
                             .expect_s = expect_s,
                             .with = with,
                             .round = round_of,
                             .measure = measure};
  return TP_OK;
}
