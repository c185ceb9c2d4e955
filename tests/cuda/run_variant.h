#ifndef TP_TESTS_CUDA_RUN_VARIANT_H
#define TP_TESTS_CUDA_RUN_VARIANT_H
/* A toy model's pass on all ranks of the host device. */
#include "host/host.h"
#include "run/executor.h"

#include "../program/builds.h"

enum { RUN_MOST_RANKS = 4 };

struct run {
  struct tp_arena *arena;
  struct tp_host *host;
  struct tp_store *stores[RUN_MOST_RANKS];
  struct tp_binding *bindings[RUN_MOST_RANKS];
  struct tp_program program;
  struct tp_error error;
};

static inline void run_ok(const struct run *run, enum tp_status status)
{
  ck_assert_msg(status == TP_OK, "%s", run->error.text);
}

static inline void run_open(struct run *run, int ranks, uint64_t seed)
{
  memset(run, 0, sizeof *run);
  run->arena = tp_arena_create();
  run->host =
      tp_host_create(&(struct tp_host_options){.ranks = ranks, .seed = seed, .arithmetic = true});
  for (int r = 0; r < ranks; r++)
    run->stores[r] = tp_store_create(tp_host_calls(run->host, r), 7, 0);
}

static inline void run_close(struct run *run)
{
  for (int r = 0; r < RUN_MOST_RANKS; r++)
    tp_store_free(run->stores[r]);
  tp_host_free(run->host);
  tp_arena_free(run->arena);
}

/* Builds and binds it on every rank; the program is the binding's, so `run` stays where it is. */
static inline void run_build(struct run *run, const char *variant, struct tp_request request)
{
  request.operands = true;
  run->program = build_program(variant, &request, run->arena);
  for (int r = 0; r < request.mesh.tp; r++)
    run_ok(run, tp_store_bind(run->stores[r], &run->program, run->arena, &run->bindings[r],
                              &run->error));
}

static inline void run_put(struct run *run, int rank, int tensor, const int32_t *values)
{
  const struct tp_calls *calls = tp_host_calls(run->host, rank);
  const struct tp_operand operand = tp_binding_operand(run->bindings[rank], tensor, 0);
  run_ok(run, calls->write(calls->state, operand.data, values,
                           (size_t)operand.rows * sizeof *values, &run->error));
}

/* One pass over tokens 1, 8, 15, ... of 61, with sequences of `length` after it; issued, and what
 * came of it. */
static inline enum tp_status run_try(struct run *run, int32_t length)
{
  int32_t tokens[256], lengths[16];
  for (int32_t i = 0; i < 256; i++)
    tokens[i] = (1 + 7 * i) % 61;
  for (int i = 0; i < 16; i++)
    lengths[i] = length;
  for (int r = 0; r < run->program.mesh.tp; r++) {
    const struct tp_calls *calls = tp_host_calls(run->host, r);
    run_put(run, r, run->program.tokens, tokens);
    run_put(run, r, run->program.lengths, lengths);
    run_ok(run, calls->join(calls->state, &run->error));
    run_ok(run, tp_execute(calls, run->bindings[r], &run->error));
    run_ok(run, calls->join(calls->state, &run->error));
  }
  return tp_host_run(run->host, &run->error);
}

static inline void run_pass(struct run *run, int32_t length)
{
  run_ok(run, run_try(run, length));
}

/* Bytes of a tensor of layer 0, as they are; arena-owned. */
static inline void *run_get(struct run *run, int rank, int tensor)
{
  const struct tp_calls *calls = tp_host_calls(run->host, rank);
  const struct tp_operand operand = tp_binding_operand(run->bindings[rank], tensor, 0);
  const size_t bytes =
      (size_t)(operand.rows * operand.columns) * (size_t)tp_tensor_element_bytes(operand.tensor);
  void *got = tp_arena_alloc(run->arena, bytes, 1);
  run_ok(run, calls->read(calls->state, got, operand.data, bytes, &run->error));
  return got;
}
#endif
