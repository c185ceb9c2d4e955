/* tpsim cost: single ops from a CSV. */
#include "base/text.h"
#include "cli/command.h"
#include "command/table.h"
#include "ops/costs.h"
#include "ops/readable.h"

#include <string.h>

struct args {
  const char *device, *stack, *platform, *format;
  struct tp_words sets;
};

static const struct tp_option options[] = {
    {"device", 'd', TP_OPTION_TEXT, offsetof(struct args, device), "D",
     "GPU: name or file [the platform's]"},
    {"stack", 's', TP_OPTION_TEXT, offsetof(struct args, stack), "K",
     "its attention kernels and collective library [flash attention; NCCL, as gpt-fast-compile]"},
    {"platform", 'p', TP_OPTION_TEXT, offsetof(struct args, platform), "P",
     "links of the collectives [a platform with this device]"},
    TP_FORMAT_OPTION(args),
    {"set", '\0', TP_OPTION_SETTINGS, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of platform, device or stack for this run"},
};

static enum tp_status check_columns(const struct tp_csv *csv, struct tp_arena *arena,
                                    struct tp_error *error)
{
  const struct tp_readable readable = tp_readable_ops(arena);
  TP_TRY(tp_unread_refuse_slips(csv, &readable, error));
  if (tp_csv_column(csv, "predicted_us") < 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s:1: has a column 'predicted_us' already; remove it",
                 csv->path);
}

/* The rows as they came, and the costs behind them. */
static void print_rows(const struct tp_csv *csv, const struct tp_op_time *times,
                       enum tp_format format, struct tp_arena *arena)
{
  static const char *const added[] = {"predicted_us", "low_us", "high_us"};
  const size_t n = csv->n_columns;
  const char **const headers = TP_NEW(arena, const char *, n + 3);
  bool *const is_text = TP_NEW(arena, bool, n + 3);
  struct tp_table table = {
      .arena = arena, .n_columns = n + 3, .headers = headers, .is_text = is_text};
  for (size_t c = 0; c < n; c++) {
    double number;
    headers[c] = csv->columns[c];
    for (size_t r = 0; r < csv->n_rows && !is_text[c]; r++) {
      const char *const cell = tp_csv_cell(csv, r, (int)c);
      is_text[c] = cell[0] != '\0' && !tp_text_number(cell, &number);
    }
  }
  memcpy(headers + n, added, sizeof added);
  for (size_t r = 0; r < csv->n_rows; r++) {
    for (size_t c = 0; c < n; c++)
      tp_table_add(&table, tp_csv_cell(csv, r, (int)c));
    const double costs[] = {times[r].predicted_us, times[r].low_us, times[r].high_us};
    for (int i = 0; i < 3; i++) {
      char number[TP_DECIMAL_CHARS];
      tp_csv_write_number(costs[i], number);
      tp_table_add(&table, number);
    }
  }
  tp_table_write(&table, format, stdout);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  enum tp_format format;
  TP_TRY(tp_command_expect(positional, 0, 1, "", error));
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  if (args->device == NULL && args->platform == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "no device is given; add --device NAME (`tpsim list devices` shows them), or "
                   "--platform, which has one");
  struct tp_notes notes = {.n = 0};
  const struct tp_op_costs_request request = {.device = args->device,
                                              .stack = args->stack,
                                              .platform = args->platform,
                                              .sets = args->sets.items,
                                              .n_sets = args->sets.n,
                                              .notes = &notes};
  const char *const file = positional->n == 1 ? positional->items[0] : "-";
  struct tp_csv csv;
  struct tp_op_time *times;
  TP_TRY(tp_csv_open(file, session->arena, &csv, error));
  TP_TRY(check_columns(&csv, session->arena, error));
  TP_TRY(tp_op_costs(session->dirs, &request, &csv, session->arena, &times, error));
  tp_command_notes(&notes);
  print_rows(&csv, times, format, session->arena);
  return TP_OK;
}

const struct tp_command tp_command_cost = {
    .name = "cost",
    .summary = "times of single ops: GEMM, attention, experts, memory, collectives",
    .usage = "--device D|--platform P [OPTIONS] [FILE.csv|-]",
    .details =
        "Columns by `op`: gemm: m,n,k,dtype[,quantise: with the kernel that makes activations fp8\n"
        "(with), or apart]; attention_prefill: batch,seq_len,heads,kv_heads,\n"
        "head_dim,dtype[,window][,cache_write: with the kernel that fills the cache (with), or\n"
        "apart]; attention_decode: batch,kv_len,heads,kv_heads,head_dim,dtype[,window]; either\n"
        "with kv_dtype (fp8) where the cache has another than dtype; mla_prefill, mla_decode\n"
        "(absorbed): batch,seq_len or kv_len,heads,dtype[,kv_dtype,kv_rank,rope_dim,nope_dim,\n"
        "v_dim: 512, 64, 128, 128 where empty]; moe, the fused experts of a rank: tokens of its\n"
        "group,hidden,intermediate,top_k,experts, moe_tp,moe_ep,distribution (balanced,\n"
        "random or power_law_A),dtype[,gated: yes or no][,rows_held: all, or, brought by an\n"
        "exchange, own]; memory: read_bytes,write_bytes[,function: rope, norm, copy,\n"
        "...][,rows: that a norm, rope or sample works on, a block each];\n"
        "quantise: m,k[,dtype][,scale: of the tensor, found before, or of each token];\n"
        "all_reduce, all_gather, reduce_scatter, all_to_all: bytes,ranks[,algorithm];\n"
        "dispatch, combine, prepare, of a mixture, by a --stack whose libraries have them: tokens\n"
        "of a rank,hidden,top_k,experts,ranks[,algorithm: deepep, deepep-low-latency,\n"
        "nvlink-one-sided, nvlink-two-sided; where empty, what the stack's programs run][,sms]\n"
        "[,routing: random, or even: to as many ranks as there are],dtype (of a dispatch "
        "fp8-block\n"
        "where it is empty).\n"
        "Without --stack, collectives are NCCL's as gpt-fast-compile runs it, as tables of\n"
        "nccl-tests are; those of predict's default are --stack vllm-0.24's.\n"
        "fp8-block GEMMs are as their tables were timed, issued one by one by the host.\n"
        "A kernel with held_sms or copy_bytes_per_s runs beside so many SMs held and so much DRAM\n"
        "traffic. The same rows come back with predicted_us and its 10 % and 90 % quantiles\n"
        "low_us,high_us. Columns an op does not use may be absent or empty, others are passed\n"
        "through; dtype is bf16 where it is empty, or fp16, fp8 or fp32, of gemm and moe also\n"
        "fp8-block, nvfp4, w4a16, w4a16-mxfp4 or w4a8-mxfp4.",
    .example =
        "printf 'op,m,n,k,dtype\\ngemm,16,8192,8192,bf16\\n' | tpsim cost --device h100-sxm -",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
