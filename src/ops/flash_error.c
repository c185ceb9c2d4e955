#include "ops/flash_error.h"

#include "base/text.h"
#include "numeric/half.h"
#include "numeric/samples.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { MOST_RANKS = 1024, MOST_VALUES = 1 << 27, FULL_BITS = 16 };

/* Partial sums of one kind, and room for what becomes of them. */
struct bench {
  const struct tp_flash_error_request *request;
  const struct tp_sample_kind *kind;
  size_t n_ranks, n;
  float *inputs, *outputs; /* n_ranks x n */
  double channels[TP_SAMPLE_CHANNELS];
  struct tp_flash_error *rows;
  size_t n_rows;
};

static enum tp_status find_kind(const char *name, struct tp_arena *arena,
                                const struct tp_sample_kind **kind, struct tp_error *error)
{
  const char *names[8];
  size_t n = 0;
  for (; tp_sample_kinds[n] != NULL; n++) {
    names[n] = tp_sample_kinds[n]->name;
    if (strcmp(name, names[n]) == 0) {
      *kind = tp_sample_kinds[n];
      return TP_OK;
    }
  }
  return tp_fail(error, TP_E_INPUT, "no samples '%s'%s", name, tp_text_hint(arena, name, names, n));
}

static enum tp_status check_list(const char *what, const double *values, size_t n, double least,
                                 double most, struct tp_error *error)
{
  for (size_t i = 0; i < n; i++)
    if (!(values[i] >= least && values[i] <= most) || values[i] != floor(values[i]))
      return tp_fail(error, TP_E_INPUT, "%s %g; give whole numbers from %g to %g", what, values[i],
                     least, most);
  return TP_OK;
}

static enum tp_status check(const struct tp_flash_error_request *request, struct tp_error *error)
{
  TP_TRY(check_list("bits", request->bits, request->n_bits, TP_LOW_BIT_LEAST_BITS,
                    TP_LOW_BIT_MOST_BITS, error));
  TP_TRY(check_list("gather bits", request->gather_bits, request->n_gather_bits,
                    TP_LOW_BIT_LEAST_BITS, TP_LOW_BIT_MOST_BITS, error));
  TP_TRY(check_list("group", request->groups, request->n_groups, 1, TP_LOW_BIT_MOST_GROUP, error));
  if (request->ranks < 2 || request->ranks > MOST_RANKS)
    return tp_fail(error, TP_E_INPUT, "%" PRId64 " ranks; give 2 to %d", request->ranks,
                   MOST_RANKS);
  if (request->elements > MOST_VALUES / request->ranks)
    return tp_fail(error, TP_E_INPUT,
                   "%" PRId64 " elements on %" PRId64 " ranks; give up to %" PRId64,
                   request->elements, request->ranks, MOST_VALUES / request->ranks);
  return TP_OK;
}

/* Compares the ranks' result (they all hold the same) with the fp64 sum. */
static void measure(const struct bench *bench, struct tp_flash_error *row)
{
  for (size_t i = 0; i < bench->n; i++) {
    const double wanted = tp_reference_sum(bench->inputs, bench->n_ranks, bench->n, i);
    const double got = (double)bench->outputs[i];
    tp_accuracy_add(&row->all, wanted, got);
    if (bench->channels[i % TP_SAMPLE_CHANNELS] == 1.0)
      tp_accuracy_add(&row->usual, wanted, got);
  }
}

/* What an all-reduce in fp16 loses at best, to compare with. */
static void add_full_precision(struct bench *bench)
{
  struct tp_flash_error *row = &bench->rows[bench->n_rows++];
  *row = (struct tp_flash_error){.samples = bench->kind->name,
                                 .reduce.bits = FULL_BITS,
                                 .gather.bits = FULL_BITS,
                                 .wire_bits = FULL_BITS};
  for (size_t i = 0; i < bench->n; i++) {
    float sum = 0.0f;
    for (size_t rank = 0; rank < bench->n_ranks; rank++)
      sum += bench->inputs[rank * bench->n + i];
    bench->outputs[i] = tp_half_round(sum);
  }
  measure(bench, row);
}

static enum tp_status add_row(struct bench *bench, struct tp_low_bit to_owner,
                              struct tp_low_bit to_all, struct tp_error *error)
{
  const struct tp_low_bit_reduce reduce = {
      .reduce = to_owner, .gather = to_all, .n_ranks = bench->n_ranks, .n = bench->n};
  TP_TRY(tp_low_bit_reduce(&reduce, bench->inputs, bench->outputs, error));
  struct tp_flash_error *row = &bench->rows[bench->n_rows++];
  const double sent = 2.0 * (double)(bench->n_ranks - 1) * (double)bench->n; /* values */
  *row =
      (struct tp_flash_error){.samples = bench->kind->name,
                              .reduce = to_owner,
                              .gather = to_all,
                              .wire_bits = 8.0 * (double)tp_low_bit_reduce_bytes(&reduce) / sent};
  measure(bench, row);
  return TP_OK;
}

/* All groups, without and with spikes, of one pair of widths. */
static enum tp_status add_groups(struct bench *bench, int bits, int gather_bits,
                                 struct tp_error *error)
{
  const struct tp_flash_error_request *request = bench->request;
  for (size_t g = 0; g < request->n_groups; g++)
    for (int spikes = 0; spikes <= request->spike_reserving; spikes++) {
      const int64_t group = (int64_t)request->groups[g];
      TP_TRY(add_row(bench, (struct tp_low_bit){bits, group, spikes != 0},
                     (struct tp_low_bit){gather_bits, group, spikes != 0}, error));
    }
  return TP_OK;
}

static enum tp_status add_kind(struct bench *bench, struct tp_error *error)
{
  const struct tp_flash_error_request *request = bench->request;
  tp_samples_fill(bench->kind, (uint64_t)request->seed, bench->n_ranks, bench->n, bench->inputs,
                  bench->channels);
  add_full_precision(bench);
  for (size_t b = 0; b < request->n_bits; b++) {
    const int bits = (int)request->bits[b];
    if (request->n_gather_bits == 0)
      TP_TRY(add_groups(bench, bits, bits, error));
    for (size_t g = 0; g < request->n_gather_bits; g++)
      TP_TRY(add_groups(bench, bits, (int)request->gather_bits[g], error));
  }
  return TP_OK;
}

enum tp_status tp_flash_error(const struct tp_flash_error_request *request, struct tp_arena *arena,
                              struct tp_flash_error **rows, size_t *n_rows, struct tp_error *error)
{
  TP_TRY(check(request, error));
  const size_t widths = request->n_bits * (request->n_gather_bits > 0 ? request->n_gather_bits : 1);
  const size_t a_kind = 1 + widths * request->n_groups * (request->spike_reserving ? 2 : 1);
  struct bench bench = {.request = request,
                        .n_ranks = (size_t)request->ranks,
                        .n = (size_t)request->elements,
                        .rows = TP_NEW(arena, struct tp_flash_error, request->n_samples * a_kind)};
  bench.inputs = TP_NEW(arena, float, bench.n_ranks *bench.n);
  bench.outputs = TP_NEW(arena, float, bench.n_ranks *bench.n);
  for (size_t s = 0; s < request->n_samples; s++) {
    TP_TRY(find_kind(request->samples[s], arena, &bench.kind, error));
    TP_TRY(add_kind(&bench, error));
  }
  *rows = bench.rows;
  *n_rows = bench.n_rows;
  return TP_OK;
}
