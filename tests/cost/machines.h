#ifndef TP_TESTS_COST_MACHINES_H
#define TP_TESTS_COST_MACHINES_H
/* Machines for tests: shipped ones by name, hand-made topologies from text. */
#include "base/json.h"
#include "cost/cost.h"
#include "cost/fabric/pattern.h"
#include "platform/open.h"

#include "../suite.h"

#include <stdio.h>

struct bench {
  struct tp_arena *arena;
  struct tp_platform platform;
  struct tp_device device;
  struct tp_stack stack;
  struct tp_machine machine;
};

static inline void bench_doc(struct bench *bench, const char *folder, const char *name,
                             struct tp_doc *doc)
{
  struct tp_error error = {""};
  const char *path = tp_arena_printf(bench->arena, "%s/%s/%s.json", TP_SRCDIR, folder, name);
  ck_assert_msg(tp_doc_open(path, bench->arena, doc, &error) == TP_OK, "%s", error.text);
}

static inline void bench_software(struct bench *bench, const char *device, const char *stack)
{
  static const char *const roots[] = {TP_SRCDIR};
  static const struct tp_datadir dirs = {roots, 1};
  const struct tp_setup_request request = {
      .platform = "dgx-h100", .device = device, .stack = stack};
  struct tp_setup *setup;
  struct tp_error error = {""};
  ck_assert_msg(tp_setup_open(&dirs, &request, bench->arena, &setup, &error) == TP_OK, "%s",
                error.text);
  bench->device = setup->device;
  bench->stack = setup->stack;
}

static inline void bench_ranks(struct bench *bench, int ranks)
{
  struct tp_error error = {""};
  ck_assert_msg(tp_machine_make(&bench->platform, &bench->device, &bench->stack, ranks,
                                &bench->machine, &error) == TP_OK,
                "%s", error.text);
}

/* A shipped platform with its device. */
static inline struct bench *bench_make(const char *platform, const char *stack, int ranks)
{
  struct tp_error error = {""};
  struct tp_arena *arena = tp_arena_create();
  struct bench *bench = TP_NEW(arena, struct bench, 1);
  struct tp_doc doc;
  bench->arena = arena;
  bench_doc(bench, "platforms", platform, &doc);
  ck_assert_msg(tp_platform_read(&doc, arena, &bench->platform, &error) == TP_OK, "%s", error.text);
  tp_doc_close(&doc);
  bench_software(bench, bench->platform.device_name, stack);
  bench_ranks(bench, ranks);
  return bench;
}

/* A topology given as the text of its vertices and links. */
static inline struct bench *bench_of(const char *vertices, const char *links, int ranks)
{
  struct tp_error error = {""};
  struct tp_arena *arena = tp_arena_create();
  struct bench *bench = TP_NEW(arena, struct bench, 1);
  struct tp_doc doc;
  bench->arena = arena;
  const char *text =
      tp_arena_printf(arena,
                      "{\"format\": 1, \"name\": \"toy\", \"device\": \"h100-sxm\", \"kind\": "
                      "\"assumed\", \"source\": \"test\", \"vertices\": [%s], \"links\": [%s]}",
                      vertices, links);
  ck_assert_msg(tp_doc_parse("toy.json", text, arena, &doc, &error) == TP_OK, "%s", error.text);
  ck_assert_msg(tp_platform_read(&doc, arena, &bench->platform, &error) == TP_OK, "%s", error.text);
  tp_doc_close(&doc);
  bench_software(bench, "h100-sxm", "ideal");
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
