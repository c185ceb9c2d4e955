#ifndef TP_TESTS_COST_MACHINES_H
#define TP_TESTS_COST_MACHINES_H
/* Machines for tests: shipped ones by name, hand-made topologies from text. */
#include "../toy.h"
#include "cost/fabric/pattern.h"

struct bench {
  struct tp_arena *arena;
  struct tp_platform platform;
  struct tp_device device;
  struct tp_stack stack;
  struct tp_machine machine;
};

static inline void bench_ranks(struct bench *bench, int ranks)
{
  struct tp_error error = {""};
  ck_assert_msg(tp_machine_make(&bench->platform, &bench->device, &bench->stack, ranks,
                                &bench->machine, &error) == TP_OK,
                "%s", error.text);
}

static inline struct bench *bench_begin(void)
{
  struct tp_arena *const arena = tp_arena_create();
  struct bench *const bench = TP_NEW(arena, struct bench, 1);
  bench->arena = arena;
  return bench;
}

/* A shipped platform with its device. */
static inline struct bench *bench_make(const char *platform, const char *stack, int ranks)
{
  struct bench *const bench = bench_begin();
  const struct tp_setup *const setup = toy_setup(platform, NULL, stack, bench->arena);
  bench->platform = setup->platform;
  bench->device = setup->device;
  bench->stack = setup->stack;
  bench_ranks(bench, ranks);
  return bench;
}

/* A topology given as the text of its vertices and links, of H100s without software's costs. */
static inline struct bench *bench_of(const char *vertices, const char *links, int ranks)
{
  struct bench *const bench = bench_begin();
  const struct tp_setup *const setup = toy_setup("dgx-h100", NULL, "ideal", bench->arena);
  bench->platform = toy_platform("h100-sxm", vertices, links, bench->arena);
  bench->device = setup->device;
  bench->stack = setup->stack;
  bench_ranks(bench, ranks);
  return bench;
}

/* All ranks as one group. */
static inline const struct tp_communicator *bench_all(const struct bench *bench)
{
  return tp_fabric_communicator(bench->machine.fabric, (struct tp_group){0});
}

static inline void bench_free(struct bench *bench)
{
  tp_arena_free(bench->arena);
}
#endif
