#include "judge/reproduce_collective.h"

#include "predict/collectives.h"

#include <math.h>
#include <string.h>

static const char *cell(const struct tp_csv *csv, size_t row, const char *column)
{
  return tp_csv_cell(csv, row, tp_csv_column(csv, column));
}

static enum tp_status read_algorithm(const struct tp_csv *csv, size_t row,
                                     enum tp_algorithm *algorithm, struct tp_error *error)
{
  const char *name = cell(csv, row, "algorithm");
  *algorithm = TP_ALGORITHM_AUTO;
  if (name[0] == '\0')
    return TP_OK;
#define X(value, text)           \
  if (strcmp(name, text) == 0) { \
    *algorithm = value;          \
    return TP_OK;                \
  }
  TP_ALGORITHMS(X)
#undef X
  return tp_fail(error, TP_E_INPUT, "%s:%d: column 'algorithm': no algorithm '%s'", csv->path,
                 csv->lines[row], name);
}

/* A whole number of ranks, a positive number of bytes. */
static enum tp_status read_size(const struct tp_csv *csv, size_t row, double *ranks, double *bytes,
                                struct tp_error *error)
{
  TP_TRY(tp_csv_number(csv, row, tp_csv_column(csv, "tp"), ranks, error));
  TP_TRY(tp_csv_number(csv, row, tp_csv_column(csv, "bytes"), bytes, error));
  if (*ranks < 2 || *ranks > TP_MAX_GPUS || *ranks != floor(*ranks))
    return tp_fail(error, TP_E_INPUT, "%s:%d: column 'tp': give 2 to %d ranks", csv->path,
                   csv->lines[row], TP_MAX_GPUS);
  if (!(*bytes > 0))
    return tp_fail(error, TP_E_INPUT, "%s:%d: column 'bytes': give a positive number", csv->path,
                   csv->lines[row]);
  return TP_OK;
}

static enum tp_status read_contender(const struct tp_csv *csv, size_t row,
                                     struct tp_catalog *catalog, struct tp_contender *contender,
                                     struct tp_error *error)
{
  const struct tp_variant *variant;
  const char *text = cell(csv, row, "variant");
  *contender = (struct tp_contender){.name = text};
  TP_TRY(tp_catalog_variant(catalog, text[0] == '\0' ? "standard" : text, &variant, error));
  contender->wire = tp_variant_wire(variant);
  return read_algorithm(csv, row, &contender->algorithm, error);
}

static enum tp_status measure(const struct tp_csv *csv, size_t row,
                              const struct tp_machine *machine,
                              const struct tp_contender *contender, double bytes,
                              struct tp_reproduced *out, struct tp_error *error)
{
  static const struct tp_contender ring = {.name = "ring", .algorithm = TP_ALGORITHM_RING};
  const double time_s = tp_contender_s(machine, contender, bytes, NULL);
  if (isnan(time_s))
    out->status = "this algorithm cannot run there";
  if (strcmp(out->metric, "time_us") == 0)
    out->predicted = time_s * 1e6;
  else if (strcmp(out->metric, "speedup") == 0)
    out->predicted = tp_contender_s(machine, &ring, bytes, NULL) / time_s;
  else
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: column 'metric': '%s' is not time_us or speedup, the figures of one "
                   "all-reduce",
                   csv->path, csv->lines[row], out->metric);
  return TP_OK;
}

enum tp_status tp_reproduce_collective(const struct tp_csv *csv, size_t row,
                                       struct tp_catalog *catalog, struct tp_arena *arena,
                                       struct tp_reproduced *out, struct tp_error *error)
{
  const char *op = cell(csv, row, "op");
  if (strcmp(op, tp_collective_text(TP_ALL_REDUCE)) != 0)
    return tp_fail(error, TP_E_INPUT, "%s:%d: column 'op': '%s' is not all_reduce or empty",
                   csv->path, csv->lines[row], op);
  double ranks, bytes;
  struct tp_contender contender;
  const struct tp_setup *setup;
  struct tp_error reason;
  TP_TRY(read_size(csv, row, &ranks, &bytes, error));
  TP_TRY(read_contender(csv, row, catalog, &contender, error));
  TP_TRY(tp_catalog_setup(catalog, cell(csv, row, "platform"), cell(csv, row, "stack"), &setup,
                          error));
  struct tp_machine *machine = TP_NEW(arena, struct tp_machine, 1);
  out->predicted = (double)NAN;
  if (tp_machine_make(&setup->platform, &setup->device, &setup->stack, (int)ranks, machine,
                      &reason) != TP_OK) {
    out->status = tp_arena_strdup(arena, reason.text);
    return TP_OK;
  }
  return measure(csv, row, machine, &contender, bytes, out, error);
}
