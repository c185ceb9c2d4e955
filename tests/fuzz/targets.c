#define _GNU_SOURCE /* memfd_create */
#include "targets.h"

#include "../study/world.h"
#include "fit/nccl_tests.h"
#include "platform/xml_notes.h"
#include "predict/ask.h"
#include "predict/predict.h"
#include "program/wiring/build.h"
#include "serve/arrivals.h"
#include "sweep/resume.h"
#include "sweep/sidecar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The shipped data, a machine and a model for what is read to be tried on. */
static struct world world;
static const struct tp_model *model;
static const struct tp_setup *setup;
static struct tp_arena *arena; /* of one run */
static int file, sidecar;      /* in memory */
static char file_path[32], sidecar_path[32];

/* The sweep that a part belongs to. */
static struct tp_grid grid;
static struct tp_sweep sweep;
static const struct tp_sweep_file target = {.file = "out.csv", .version = "1", .build = "b"};

void fuzz_fail(const char *what, const char *text)
{
  fprintf(stderr, "%s: %s\n", what, text);
  abort();
}

static void write_file(int descriptor, const char *text)
{
  const size_t n = strlen(text);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, n, 0) != (ssize_t)n)
    fuzz_fail("the harness", "cannot write in memory");
}

static void open_sweep(void)
{
  static const char *const models[] = {"llama-3.1-8b"}, *const platforms[] = {"dgx-h100"};
  static const char *const variants[] = {"standard", "ladder"};
  static const double degrees[] = {1, 2, 8}, lengths[] = {2};
  tp_grid_clear(&grid);
  grid.axes[TP_AXIS_model] = (struct tp_axis){.words = models, .n = 1};
  grid.axes[TP_AXIS_platform] = (struct tp_axis){.words = platforms, .n = 1};
  grid.axes[TP_AXIS_variant] = (struct tp_axis){.words = variants, .n = 2};
  grid.axes[TP_AXIS_tp] = (struct tp_axis){.numbers = degrees, .n = 3};
  grid.axes[TP_AXIS_generate] = (struct tp_axis){.numbers = lengths, .n = 1};
  sweep = (struct tp_sweep){.grid = &grid, .catalog = &world.catalog, .workers = 1};
}

/* A whole part. */
static void seed_part(void)
{
  struct tp_error error;
  char *text = NULL;
  size_t size = 0;
  FILE *const out = open_memstream(&text, &size);
  tp_prediction_write_header(tp_grid_columns(&grid), out);
  if (tp_sweep_run(&sweep, out, &error) != TP_OK)
    fuzz_fail("the harness", error.text);
  fclose(out);
  for (size_t i = 0; fuzz_targets[i].name != NULL; i++)
    if (strcmp(fuzz_targets[i].name, "part") == 0)
      fuzz_targets[i].seed = tp_arena_strdup(world.arena, text);
  free(text);
}

void fuzz_open(void)
{
  struct tp_error error;
  world_open(&world);
  arena = tp_arena_create();
  if (tp_catalog_model(&world.catalog, "llama-3.1-8b", &model, &error) != TP_OK ||
      tp_catalog_setup(&world.catalog, "dgx-h100", "vllm-graph", &setup, &error) != TP_OK)
    fuzz_fail("the harness", error.text);
  open_sweep();
  if (tp_grid_check(&grid, &world.catalog, &error) != TP_OK)
    fuzz_fail("the harness", error.text);
  file = memfd_create("input", 0);
  sidecar = memfd_create("sidecar", 0);
  snprintf(file_path, sizeof file_path, "/proc/self/fd/%d", file);
  snprintf(sidecar_path, sizeof sidecar_path, "/proc/self/fd/%d", sidecar);
  write_file(sidecar, tp_sidecar_text(&world.catalog, &target, world.arena));
  seed_part();
}

void fuzz_close(void)
{
  close(file);
  close(sidecar);
  tp_arena_free(arena);
  world_close(&world);
}

/* A refusal is one line of words. */
static bool was_read(enum tp_status status, const struct tp_error *error)
{
  if (status == TP_OK)
    return true;
  if ((status != TP_E_INPUT && status != TP_E_ENVIRONMENT) || error->text[0] == '\0' ||
      strchr(error->text, '\n') != NULL)
    fuzz_fail("no refusal in words", error->text);
  return false;
}

static void check_row(const struct tp_prediction *row)
{
  const bool ran = strcmp(row->status, "ok") == 0;
  for (size_t i = 0; i < tp_n_columns; i++) {
    if (tp_columns[i].is_text)
      continue;
    const double number = tp_prediction_number(row, &tp_columns[i]);
    if (isinf(number))
      fuzz_fail("infinite", tp_columns[i].name);
  }
  if (ran && !(row->e2e_s >= 0 && row->ttft_s >= 0 && row->tokens_per_s >= 0 && row->flops >= 0 &&
               row->dram_bytes >= 0 && row->memory_bytes >= 0))
    fuzz_fail("not a number of a point that ran", row->model);
}

/* What was read in place of the world's own. */
static void predict(const struct tp_point *changed)
{
  static const struct tp_variant *standard;
  struct tp_error error = {.text = ""};
  struct tp_prediction row;
  struct tp_point point = *changed;
  if (standard == NULL &&
      tp_catalog_variant(&world.catalog, "standard", &standard, &error) != TP_OK)
    fuzz_fail("the harness", error.text);
  if (point.model == NULL)
    point.model = model;
  if (point.platform == NULL)
    point.platform = &setup->platform;
  if (point.device == NULL)
    point.device = &setup->device;
  if (point.stack == NULL)
    point.stack = &setup->stack;
  if (point.variant == NULL)
    point.variant = standard;
  point.mesh = tp_mesh_of_tp(2);
  point.batch = 2;
  point.prompt = 8;
  point.generate = 3;
  point.dtype = TP_DTYPE_BF16;
  point.engine = &tp_engine_analytic;
  struct tp_predictor *const predictor = tp_predictor_create();
  if (was_read(tp_predict(predictor, &point, &row, &error), &error))
    check_row(&row);
  tp_predictor_free(predictor);
}

static void run_config(const char *text)
{
  struct tp_error error;
  struct tp_model read;
  write_file(file, text);
  if (was_read(tp_model_open(file_path, arena, &read, &error), &error))
    predict(&(struct tp_point){.model = &read});
}

static void run_platform(const char *text)
{
  struct tp_error error;
  struct tp_doc doc;
  struct tp_platform platform = {.name = "fuzz"};
  struct tp_device device = setup->device;
  if (!was_read(tp_doc_parse("t.json", text, arena, &doc, &error), &error))
    return;
  const bool read = was_read(tp_platform_read(&doc, arena, &platform, &error), &error);
  tp_doc_close(&doc);
  platform.device = &device;
  if (read)
    predict(&(struct tp_point){.platform = &platform});
}

static void run_device(const char *text)
{
  struct tp_error error;
  struct tp_doc doc;
  struct tp_device device;
  if (!was_read(tp_doc_parse("t.json", text, arena, &doc, &error), &error))
    return;
  const bool read = was_read(tp_device_read(&doc, arena, &device, &error), &error);
  tp_doc_close(&doc);
  if (read)
    predict(&(struct tp_point){.device = &device});
}

static void run_stack(const char *text)
{
  struct tp_error error;
  struct tp_doc doc;
  struct tp_stack stack;
  if (!was_read(tp_doc_parse("t.json", text, arena, &doc, &error), &error))
    return;
  const bool read = was_read(tp_stack_read(&doc, arena, &stack, &error), &error);
  tp_doc_close(&doc);
  if (read)
    predict(&(struct tp_point){.stack = &stack});
}

/* What is read here; the platform itself is read by SimGrid, in a process of its own. */
static void run_xml(const char *text)
{
  struct tp_error error;
  struct tp_xml_notes notes;
  was_read(tp_xml_notes_read("t.xml", text, arena, &notes, &error), &error);
}

static void run_csv(const char *text)
{
  struct tp_error error;
  struct tp_csv csv;
  struct tp_grid points;
  if (!was_read(tp_csv_parse("t.csv", text, arena, &csv, &error), &error))
    return;
  for (size_t row = 0; row < csv.n_rows; row++)
    for (size_t c = 0; c < csv.n_columns; c++) {
      double number = 0;
      was_read(tp_csv_number(&csv, row, (int)c, &number, &error), &error);
      if (!isfinite(number))
        fuzz_fail("no finite number", tp_csv_cell(&csv, row, (int)c));
    }
  tp_grid_clear(&points);
  was_read(tp_grid_take_points(&points, &csv, NULL, arena, &error), &error);
}

/* Requests come one after another, with lengths. */
static void run_trace(const char *text)
{
  struct tp_error error;
  struct tp_csv csv;
  struct tp_arrivals arrivals;
  if (!was_read(tp_csv_parse("t.csv", text, arena, &csv, &error), &error) ||
      !was_read(tp_arrivals_read(&csv, arena, &arrivals, &error), &error))
    return;
  for (size_t i = 0; i < arrivals.n; i++) {
    const struct tp_arrival *const arrival = &arrivals.items[i];
    if (!(arrival->at_s >= (i == 0 ? 0 : arrivals.items[i - 1].at_s)) || !isfinite(arrival->at_s) ||
        arrival->prompt < 1 || arrival->generate < 0)
      fuzz_fail("no request of", text);
  }
}

static void run_yaml(const char *text)
{
  struct tp_error error;
  struct tp_grid read;
  tp_grid_clear(&read);
  if (was_read(tp_grid_read_yaml(&read, "t.yaml", text, arena, &error), &error) &&
      tp_grid_size(&read) == 0)
    fuzz_fail("no point of", text);
}

static void run_nccl_tests(const char *text)
{
  for (int i = 0; i < 4; i++) {
    struct tp_error error;
    struct tp_csv csv;
    struct tp_notes notes = {.n = 0};
    const struct tp_nccl_tests_request request = {
        .op = i & 1 ? "all_reduce" : NULL, .ranks = i & 1 ? 4 : 0, .in_place = i > 1};
    tp_nccl_tests_is(text);
    if (!was_read(tp_nccl_tests_parse("t.txt", text, &request, arena, &csv, &notes, &error),
                  &error))
      continue;
    for (size_t row = 0; row < csv.n_rows; row++) {
      double time_us = 0;
      if (tp_csv_number(&csv, row, 4, &time_us, &error) != TP_OK || !(time_us > 0))
        fuzz_fail("no time", error.text);
    }
  }
}

static void run_variant(const char *text)
{
  struct tp_error error;
  struct tp_variant variant;
  if (was_read(tp_variant_parse(text, arena, &variant, &error), &error))
    predict(&(struct tp_point){.variant = &variant});
}

static void run_wiring(const char *text)
{
  struct tp_error error;
  const struct tp_wiring *wiring;
  if (!was_read(tp_wiring_read(text, "t.tpa", arena, &wiring, &error), &error))
    return;
  const struct tp_architecture architecture = tp_wiring_architecture(wiring, "t");
  const struct tp_variant variant = {
      .text = "t", .architecture = &architecture, .argument = wiring->least};
  predict(&(struct tp_point){.variant = &variant});
}

static void run_part(const char *text)
{
  struct tp_error error;
  struct tp_kept kept;
  write_file(file, text);
  if (was_read(tp_kept_read(&sweep, &target, file_path, sidecar_path, &kept, &error), &error) &&
      (kept.bytes > (off_t)strlen(text) || kept.rows > tp_grid_size(&grid)))
    fuzz_fail("more is kept than there is", text);
}

static const char yaml_seed[] =
    "model: [llama-3.1-8b, 'x']\nplatform: dgx-h100\ntp: [1, \"2:8:x2\"]\n"
    "batch: 1:64:x2\nvariant:\n  - standard\n  - ladder\n";
static const char trace_seed[] = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                                 "2023-11-16 18:17:03.97,4808,10\n2023-12-01T00:00:04,3180,8\n";
static const char json_seed[] =
    "{\"args\": [\"./all_gather_perf\"], \"results\": [{\"size\": 1024, \"type\": \"half\", "
    "\"out_of_place\": {\"time\": 18.5, \"nwrong\": 0}}], \"devices\": [{}, {}]}\n";

struct fuzz_target fuzz_targets[] = {
    {"config", run_config, "models/*.json", NULL},
    {"platform", run_platform, "platforms/*.json", NULL},
    {"device", run_device, "platforms/devices/*.json", NULL},
    {"stack", run_stack, "platforms/stacks/*.json", NULL},
    {"xml", run_xml, "tests/platform/*.xml", NULL},
    {"csv", run_csv, "results/baselines/*.csv", "a,\"b \"\"c\"\"\",'=d\r\n1,-2e3,\r\n\n3,4,5"},
    {"yaml", run_yaml, NULL, yaml_seed},
    {"nccl-tests", run_nccl_tests, "tests/golden/data/all_reduce_perf.txt", json_seed},
    {"trace", run_trace, NULL, trace_seed},
    {"variant", run_variant, NULL, "kraken:4+chunked:8+flash-int4-int8:32"},
    {"wiring", run_wiring, "models/wirings/*.tpa", NULL},
    {"part", run_part, NULL, ""},
    {NULL, NULL, NULL, NULL},
};

/* Any bytes, as a file that holds no zero byte would give them. */
void fuzz_run(const struct fuzz_target *chosen, const uint8_t *bytes, size_t n)
{
  tp_arena_reset(arena);
  char *const text = tp_arena_alloc(arena, n + 1, 1);
  memcpy(text, bytes, n);
  chosen->run(text);
}
