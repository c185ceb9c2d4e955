/* tpsim show-program: what one rank of each stage does in one pass. */
#include "cli/points.h"
#include "cli/program_rows.h"
#include "predict/stages.h"
#include "program/wiring/build.h"

#include <string.h>

struct args {
  struct tp_points points;
  const char *phase, *format;
  bool operands, architecture;
};

static const struct tp_option options[] = {
    TP_POINTS_OPTIONS{
        "phase", '\0', TP_OPTION_TEXT, offsetof(struct args, phase), "P",
        "prefill, decode or train, train+recompute or +selective-recompute, +sequence-parallel, "
        "+async-reduce [decode, its first step]"},
    {"operands", '\0', TP_OPTION_FLAG, offsetof(struct args, operands), NULL,
     "also what every op reads and writes"},
    {"architecture", '\0', TP_OPTION_FLAG, offsetof(struct args, architecture), NULL,
     "the equations instead; of a wiring all statements, layer by layer"},
    TP_ROWS_OPTION(args, "text; rows are as `tpsim cost` reads them"),
};

static enum tp_status parse_phase(const char *name, bool *decode, struct tp_workload *workload,
                                  struct tp_error *error)
{
  *decode = strcmp(name, "decode") == 0;
  if (*decode || strcmp(name, "prefill") == 0)
    return TP_OK;
  if (tp_workload_parse(name, workload, NULL) == TP_OK && workload->train)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "no phase '%s'; known: prefill, decode, train", name);
}

static void print(const struct tp_program *program, bool apart, bool operands,
                  struct tp_arena *arena)
{
  printf("%s%s", apart ? "\n" : "", tp_program_text(program, arena));
  if (operands && program->unsaid != NULL)
    printf("operands: %s; %s\n", program->n_tensors > 0 ? "not all" : "none", program->unsaid);
}

static void print_lines(const char *indent, const char *text)
{
  while (*text != '\0') {
    const size_t length = strcspn(text, "\n");
    printf("%s%.*s\n", indent, (int)length, text);
    text += length + (text[length] == '\n');
  }
}

/* A sum stands as AR(a) where its first reader waits for it. */
static enum tp_status print_architecture(const struct tp_point *point, bool apart,
                                         struct tp_arena *arena, struct tp_error *error)
{
  const struct tp_variant *const variant = point->variant;
  const struct tp_architecture *const architecture = variant->architecture;
  const struct tp_wiring *const wiring = architecture->wiring;
  int64_t counts[TP_WIRING_MOST_SEGMENTS];
  if (wiring != NULL)
    TP_TRY(tp_wiring_check_job(wiring, point->model, &point->mesh, error));
  if (wiring != NULL)
    TP_TRY(tp_wiring_counts(wiring, variant->argument, point->model->layers, counts, error));
  printf("%s# %s %s: %s\n", apart ? "\n" : "", point->model->name, variant->text,
         architecture->summary);
  print_lines("#   ", architecture->equation);
  if (wiring == NULL)
    return TP_OK;
  if (wiring->source != NULL)
    print_lines("# ", wiring->source);
  print_lines("", tp_wiring_text(wiring, counts, arena));
  return TP_OK;
}

/* Every stage of a point, of a training step over several both of its passes: text at once, rows
 * into the table. */
static enum tp_status show(const struct tp_point *point, const struct tp_batch *batch, bool apart,
                           bool operands, struct tp_table *rows, struct tp_arena *arena,
                           struct tp_error *error)
{
  struct tp_request request = tp_point_request(point, 0, batch);
  const int stages = tp_request_stages(&request);
  const bool passes = request.train && stages > 1;
  request.operands |= operands;
  for (int i = 0; i < (passes ? 2 : 1) * stages; i++) {
    struct tp_program program;
    request.stage = i < stages ? i : 2 * stages - 1 - i;
    if (passes)
      request.pass = i < stages            ? TP_TRAINING_FORWARD
                     : request.mesh.dp > 1 ? TP_TRAINING_LAST_BACKWARD
                                           : TP_TRAINING_BACKWARD;
    TP_TRY(tp_variant_build(point->variant, &request, arena, &program, error));
    if (rows != NULL)
      tp_program_rows_add(rows, &program);
    else
      print(&program, apart || i > 0, operands, arena);
  }
  return TP_OK;
}

static enum tp_status read_format(const struct args *args, struct tp_arena *arena,
                                  enum tp_format *format, struct tp_error *error)
{
  *format = TP_FORMAT_TABLE;
  if (args->format != NULL)
    TP_TRY(tp_format_parse(args->format, arena, format, error));
  if (args->architecture && args->format != NULL)
    return tp_fail(error, TP_E_INPUT,
                   "--architecture shows equations, which are no rows; drop "
                   "--format or it");
  return TP_OK;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct args *args = values;
  if (args->points.platform.n == 0)
    TP_APPEND(session->arena, args->points.platform.items, args->points.platform.n, "dgx-h100");
  struct tp_catalog catalog = tp_session_catalog(session, &args->points.sets, args->points.device);
  struct tp_grid grid;
  enum tp_format format;
  bool decode = true;
  struct tp_workload workload = {.train = false};
  TP_TRY(tp_command_expect(positional, 0, 0, "", error));
  TP_TRY(read_format(args, session->arena, &format, error));
  if (args->phase != NULL)
    TP_TRY(parse_phase(args->phase, &decode, &workload, error));
  TP_TRY(tp_points_grid(session, &args->points, &grid, error));
  struct tp_table rows = tp_program_rows_begin(session->arena);
  for (size_t i = 0; i < tp_grid_size(&grid); i++) {
    struct tp_point point;
    TP_TRY(tp_grid_point(&grid, &catalog, i, &point, error));
    point.workload = workload;
    if (args->architecture) {
      TP_TRY(print_architecture(&point, i > 0, session->arena, error));
      continue;
    }
    TP_TRY(tp_stages_check(&point, error));
    const struct tp_batch batch = decode ? tp_point_decode(&point, tp_point_first_kv_len(&point))
                                         : tp_point_prefill(&point, 0);
    TP_TRY(show(&point, &batch, i > 0, args->operands, args->format != NULL ? &rows : NULL,
                session->arena, error));
  }
  if (args->format != NULL)
    tp_table_write(&rows, format, stdout);
  return TP_OK;
}

const struct tp_command tp_command_show_program = {
    .name = "show-program",
    .summary = "the ops, streams and events of one pass as text",
    .usage = "--model M [OPTIONS]",
    .details = "The stack decides which kernels are fused; the platform does not matter here.",
    .example = "tpsim show-program --model llama-3.1-8b --tp 8 --variant ladder",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
