#include "verify/peer_check.h"

#include "host/math.h"
#include "numeric/accuracy.h"
#include "run/element.h"
#include "run/fill_value.h"

#include <math.h>
#include <string.h>

enum { MOST = TP_PEER_TRY_MOST_RANKS };

struct sums {
  int ranks;
  int64_t elements;
  size_t bytes;
  const struct tp_tensor *tensor;
  void *in[MOST], *wanted[MOST], *got[MOST];
};

static void fill(enum tp_dtype dtype, void *values, int64_t n, uint64_t key)
{
  for (int64_t i = 0; i < n; i++)
    tp_element_set(dtype, values, i, (float)(tp_mix64(key + (uint64_t)i) >> 40) * 0x1p-23f - 1);
}

static struct sums begin(const struct tp_peer_check *check, struct tp_arena *arena)
{
  const struct tp_program *program = check->program;
  const struct tp_tensor *tensor = &program->tensors[program->segments[0].ops[0].in[0]];
  struct sums sums = {
      .ranks = program->mesh.tp, .elements = tensor->rows * tensor->columns, .tensor = tensor};
  sums.bytes = (size_t)((double)sums.elements * tp_tensor_element_bytes(tensor));
  for (int rank = 0; rank < sums.ranks; rank++) {
    sums.in[rank] = TP_NEW(arena, unsigned char, sums.bytes);
    sums.wanted[rank] = TP_NEW(arena, unsigned char, sums.bytes);
    sums.got[rank] = TP_NEW(arena, unsigned char, sums.bytes);
    fill(tensor->dtype, sums.in[rank], sums.elements,
         tp_mix64(check->seed) + ((uint64_t)rank << 32));
  }
  return sums;
}

static struct tp_operand operand_of(const struct sums *sums, void *data)
{
  return (struct tp_operand){.data = data,
                             .tensor = sums->tensor,
                             .rows = sums->tensor->rows,
                             .columns = sums->tensor->columns,
                             .row_elements = sums->tensor->columns};
}

static enum tp_status compute(const struct tp_peer_check *check, const struct sums *sums,
                              struct tp_arena *arena, struct tp_error *error)
{
  struct tp_bound_op all[MOST];
  const struct tp_bound_op *bound[MOST];
  for (int rank = 0; rank < sums->ranks; rank++) {
    all[rank] = (struct tp_bound_op){.op = &check->program->segments[0].ops[0],
                                     .program = check->program,
                                     .in = {operand_of(sums, sums->in[rank])},
                                     .out = {operand_of(sums, sums->wanted[rank])}};
    bound[rank] = &all[rank];
  }
  return tp_host_collect(bound, sums->ranks, arena, error);
}

static enum tp_status reduce(const struct tp_peer_check *check, const struct sums *sums,
                             struct tp_error *error)
{
  struct tp_peer_trial trial = {.way = check->way,
                                .wire = check->program->segments[0].ops[0].collective.wire,
                                .ranks = sums->ranks,
                                .dtype = sums->tensor->dtype,
                                .elements = sums->elements};
  for (int rank = 0; rank < sums->ranks; rank++) {
    trial.in[rank] = sums->in[rank];
    trial.out[rank] = sums->got[rank];
  }
  return check->run(check->device, &trial, error);
}

static double difference(const struct sums *sums, int rank)
{
  struct tp_accuracy accuracy = {0};
  for (int64_t i = 0; i < sums->elements; i++)
    tp_accuracy_add(&accuracy, (double)tp_element_value(sums->tensor->dtype, sums->wanted[rank], i),
                    (double)tp_element_value(sums->tensor->dtype, sums->got[rank], i));
  return accuracy.error2 == 0 ? 0 : tp_accuracy_relative(&accuracy);
}

static enum tp_status compare(const struct tp_peer_check *check, const struct sums *sums,
                              double *largest, struct tp_error *error)
{
  for (int rank = 0; rank < sums->ranks; rank++) {
    const double apart = difference(sums, rank);
    if (!(apart <= *largest))
      *largest = apart;
    if (!(apart <= check->bound))
      return tp_fail(error, TP_E_CHECK,
                     "rank %d is %.2g off what the host computes, more than %.2g", rank, apart,
                     check->bound);
    if (memcmp(sums->got[rank], sums->got[0], sums->bytes) != 0)
      return tp_fail(error, TP_E_CHECK, "rank %d has other bits than rank 0", rank);
  }
  return TP_OK;
}

enum tp_status tp_peer_check_run(const struct tp_peer_check *check, double *largest,
                                 struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  const struct sums sums = begin(check, arena);
  *largest = 0;
  enum tp_status status = compute(check, &sums, arena, error);
  if (status == TP_OK)
    status = reduce(check, &sums, error);
  if (status == TP_OK)
    status = compare(check, &sums, largest, error);
  tp_arena_free(arena);
  return status;
}
