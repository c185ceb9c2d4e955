#include "cli/rows.h"

#include "command/fold.h"
#include "predict/row.h"

#include <math.h>
#include <string.h>

static size_t count_columns(const struct tp_prediction *rows, size_t n)
{
  size_t count = tp_n_usual_columns;
  for (size_t i = 0; i < n; i++)
    for (size_t c = count; c < tp_n_columns; c++)
      if (!isnan(tp_prediction_number(&rows[i], &tp_columns[c])))
        count = c + 1;
  return count;
}

static void print_json(const struct tp_prediction *rows, size_t n, struct tp_arena *arena,
                       FILE *out)
{
  const size_t n_columns = count_columns(rows, n);
  const char **const headers = TP_NEW(arena, const char *, n_columns);
  bool *const is_text = TP_NEW(arena, bool, n_columns);
  struct tp_table table = {
      .arena = arena, .n_columns = n_columns, .headers = headers, .is_text = is_text};
  for (size_t c = 0; c < n_columns; c++) {
    headers[c] = tp_columns[c].name;
    is_text[c] = tp_columns[c].is_text;
  }
  for (size_t i = 0; i < n * n_columns; i++) {
    const struct tp_prediction *row = &rows[i / n_columns];
    const struct tp_column *column = &tp_columns[i % n_columns];
    char number[TP_DECIMAL_CHARS];
    if (!column->is_text)
      tp_csv_write_number(tp_prediction_number(row, column), number);
    tp_table_add(&table, column->is_text ? tp_prediction_text(row, column) : number);
  }
  tp_table_write(&table, TP_FORMAT_JSON, out);
}

static void print_csv(const struct tp_prediction *rows, size_t n, FILE *out)
{
  const size_t n_columns = count_columns(rows, n);
  tp_prediction_write_header(n_columns, out);
  for (size_t i = 0; i < n; i++)
    tp_row_write(&rows[i], n_columns, out);
}

void tp_rows_print(const struct tp_prediction *rows, size_t n, enum tp_format format,
                   struct tp_arena *arena, FILE *out)
{
  switch (format) {
  case TP_FORMAT_TABLE:
    if (n > 0)
      tp_rows_print_table(rows, n, arena, out);
    return;
  case TP_FORMAT_CSV:
    print_csv(rows, n, out);
    return;
  case TP_FORMAT_JSON:
    print_json(rows, n, arena, out);
    return;
  }
}

static void print_share(const char *name, double part_s, const struct tp_prediction *row, FILE *out)
{
  fprintf(out, "  %-24s %10.4f s  %5.1f %%\n", name, part_s, 100 * part_s / row->e2e_s);
}

static void print_latencies(const struct tp_prediction *row, FILE *out)
{
  if (!isnan(row->ttft_s))
    fprintf(out, "  %-24s %10.3f ms  (10-90 %%: %.3f to %.3f)\n", "time to first token",
            row->ttft_s * 1e3, row->ttft_low_s * 1e3, row->ttft_high_s * 1e3);
  if (!isnan(row->tpot_s))
    fprintf(out, "  %-24s %10.4f ms  (10-90 %%: %.4f to %.4f)\n", "time per output token",
            row->tpot_s * 1e3, row->tpot_low_s * 1e3, row->tpot_high_s * 1e3);
}

void tp_row_print_details(const struct tp_prediction *row, FILE *out)
{
  const bool pass = isnan(row->generate); /* a training step, a sub-layer */
  const bool train = pass && strncmp(row->phase, "train", 5) == 0;
  const char *const names[] = {row->model, row->platform, row->stack, row->variant};
  for (int i = 0; i < 4; i++) {
    tp_fold_put(names[i], strlen(names[i]), out);
    fputs(", ", out);
  }
  fprintf(out, "tp %.0f, ", row->tp);
  if (row->pp > 1)
    fprintf(out, "pp %.0f, ", row->pp);
  if (row->dp > 1)
    fprintf(out, "dp %.0f, ", row->dp);
  if (row->ep > 1)
    fprintf(out, "ep %.0f, ", row->ep);
  fprintf(out, "batch %.0f, prompt %.0f, ", row->batch, row->prompt);
  if (!isnan(row->layers))
    fprintf(out, "layers %.0f, ", row->layers);
  if (!isnan(row->micro_batch))
    fprintf(out, "micro-batch %.0f, ", row->micro_batch);
  if (!isnan(row->interleave))
    fprintf(out, "interleave %.0f, ", row->interleave);
  if (pass)
    fprintf(out, "%s, %s, %s\n\n", row->phase, row->dtype, row->engine);
  else
    fprintf(out, "generate %.0f, %s, %s\n\n", row->generate, row->dtype, row->engine);
  if (!isnan(row->memory_bytes))
    fprintf(out, "  %-24s %10.2f GB a GPU\n", "memory", row->memory_bytes * 1e-9);
  if (isnan(row->e2e_s)) {
    fprintf(out, "  cannot run: %s\n", row->status);
    return;
  }
  print_latencies(row, out);
  fprintf(out, "  %-24s %10.4f s\n",
          train  ? "training step"
          : pass ? row->phase
                 : "end to end",
          row->e2e_s);
  fprintf(out, "  %-24s %10.2f tokens/s\n", "throughput", row->tokens_per_s);
  if (!isnan(row->speedup))
    fprintf(out, "  %-24s %10.4f\n", "speedup over standard", row->speedup);
  fprintf(out, "\nof the %s\n", train ? "step" : pass ? "sub-layer" : "end to end time");
  print_share("kernels", row->compute_s, row, out);
  print_share("communication", row->comm_s, row, out);
  print_share("  of it exposed", row->comm_exposed_s, row, out);
  print_share("  of it hidden", row->comm_s - row->comm_exposed_s, row, out);
  if (row->pp > 1 && (train || !isnan(row->micro_batch)))
    print_share("waiting for stages", row->e2e_s - row->compute_s - row->comm_exposed_s, row, out);
  fprintf(out, "\none GPU: %.4g Tflop, %.4g TB of memory traffic, %.4g GB sent\n",
          row->flops * 1e-12, row->dram_bytes * 1e-12, row->link_bytes * 1e-9);
}
