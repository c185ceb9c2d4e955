#include "numeric/low_bit_reduce.h"

#include "numeric/packed.h"

#include <string.h>

struct part {
  size_t first, n;
};

static struct part part_of(const struct tp_low_bit_reduce *reduce, size_t rank)
{
  const size_t length = reduce->n / reduce->n_ranks + (reduce->n % reduce->n_ranks != 0);
  const size_t first = rank * length < reduce->n ? rank * length : reduce->n;
  const size_t left = reduce->n - first;
  return (struct part){first, left < length ? left : length};
}

/* One step's working memory: codes before and after the wire, and the wire. */
struct wire {
  const struct tp_low_bit *format;
  struct tp_quantised sent, received;
  uint8_t *packed;
};

static struct wire wire_create(const struct tp_low_bit *format, size_t n, struct tp_arena *arena)
{
  return (struct wire){
      .format = format,
      .sent = tp_quantised_create(format, n, arena),
      .received = tp_quantised_create(format, n, arena),
      .packed = TP_NEW(arena, uint8_t, tp_packed_bytes(format, n)),
  };
}

static enum tp_status send(struct wire *wire, const float *values, size_t n, struct tp_error *error)
{
  TP_TRY(tp_quantise(wire->format, values, n, &wire->sent, error));
  tp_pack(wire->format, &wire->sent, n, wire->packed);
  return TP_OK;
}

static void receive(struct wire *wire, size_t n, float *values)
{
  tp_unpack(wire->format, wire->packed, n, &wire->received);
  tp_dequantise(wire->format, &wire->received, n, values);
}

/* All-to-all: what every rank sends of the owner's part, added up there. */
static enum tp_status sum_part(const struct tp_low_bit_reduce *reduce, struct part part,
                               const float *inputs, struct wire *wire, float *received, float *sum,
                               struct tp_error *error)
{
  memset(sum, 0, part.n * sizeof *sum);
  for (size_t rank = 0; rank < reduce->n_ranks; rank++) {
    const float *const values = inputs + rank * reduce->n + part.first;
    TP_TRY(send(wire, values, part.n, error));
    receive(wire, part.n, received);
    for (size_t i = 0; i < part.n; i++)
      sum[i] += received[i];
  }
  return TP_OK;
}

enum tp_status tp_low_bit_reduce(const struct tp_low_bit_reduce *reduce, const float *inputs,
                                 float *outputs, struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  const size_t longest = part_of(reduce, 0).n;
  struct wire to_owner = wire_create(&reduce->reduce, longest, arena);
  struct wire to_all = wire_create(&reduce->gather, longest, arena);
  float *const received = TP_NEW(arena, float, longest);
  float *const sum = TP_NEW(arena, float, longest);
  enum tp_status status = TP_OK;
  for (size_t owner = 0; owner < reduce->n_ranks && status == TP_OK; owner++) {
    const struct part part = part_of(reduce, owner);
    status = sum_part(reduce, part, inputs, &to_owner, received, sum, error);
    if (status == TP_OK)
      status = send(&to_all, sum, part.n, error);
    for (size_t rank = 0; rank < reduce->n_ranks && status == TP_OK; rank++)
      receive(&to_all, part.n, outputs + rank * reduce->n + part.first);
  }
  tp_arena_free(arena);
  return status;
}

size_t tp_low_bit_reduce_bytes(const struct tp_low_bit_reduce *reduce)
{
  size_t bytes = 0;
  for (size_t owner = 0; owner < reduce->n_ranks; owner++) {
    const size_t n = part_of(reduce, owner).n;
    bytes += tp_packed_bytes(&reduce->reduce, n) + tp_packed_bytes(&reduce->gather, n);
  }
  return bytes * (reduce->n_ranks - 1);
}
