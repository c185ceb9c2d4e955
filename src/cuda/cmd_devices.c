/* tpsim-cuda devices: which GPUs there are. */
#include "command/command.h"
#include "command/table.h"
#include "cuda/commands.h"
#include "gpu/gpu.h"

struct args {
  const char *format;
};

static const struct tp_option options[] = {
    TP_FORMAT_OPTION(args),
};

static const char *const headers[] = {"device", "name",    "sms",      "capability", "memory_gb",
                                      "driver", "runtime", "cublaslt", "cudnn",      "nccl"};
static const bool is_text[] = {false, true, false, false, false, true, true, true, true, true};

static void add_facts(struct tp_table *table, int device, const struct tp_gpu_facts *facts)
{
  struct tp_arena *const arena = table->arena;
  tp_table_add(table, tp_arena_printf(arena, "%d", device));
  tp_table_add(table, facts->name);
  tp_table_add(table, tp_arena_printf(arena, "%d", facts->sms));
  tp_table_add(table,
               tp_arena_printf(arena, "%d.%d", facts->capability / 10, facts->capability % 10));
  tp_table_add(table, tp_arena_printf(arena, "%.4g", (double)facts->memory_bytes * 1e-9));
  tp_table_add(table, facts->driver);
  tp_table_add(table, facts->runtime);
  tp_table_add(table, facts->cublaslt);
  tp_table_add(table, facts->cudnn);
  tp_table_add(table, facts->nccl);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *const args = values;
  enum tp_format format;
  struct tp_table table = {.arena = session->arena,
                           .n_columns = sizeof headers / sizeof headers[0],
                           .headers = headers,
                           .is_text = is_text};
  enum tp_status status = tp_command_expect(positional, 0, 0, "nothing", error);
  if (status == TP_OK)
    status = tp_format_parse(args->format, session->arena, &format, error);
  int count = 0;
  if (status == TP_OK)
    status = tp_gpu_count(&count, error);
  for (int i = 0; i < count && status == TP_OK; i++) {
    struct tp_gpu_facts facts;
    status = tp_gpu_facts(i, &facts, error);
    if (status == TP_OK)
      add_facts(&table, i, &facts);
  }
  if (status == TP_OK)
    tp_table_write(&table, format, stdout);
  return status;
}

const struct tp_command tp_command_devices = {
    .name = "devices",
    .summary = "GPUs of this machine, and versions of the libraries",
    .usage = "[--format table|csv|json]",
    .example = "tpsim-cuda devices",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
