/* Machines opened by name, and --set. */
#include "../toy.h"
#include "platform/library.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tp_arena *arena;
static struct tp_error error;

static void setup(void)
{
  arena = tp_arena_create();
  error.text[0] = '\0';
}

static void teardown(void)
{
  tp_arena_free(arena);
}

static enum tp_status open_with(const char *platform, const char *device, const char *set,
                                struct tp_setup **machine)
{
  const struct tp_setup_request request = {.platform = platform,
                                           .device = device,
                                           .stack = "gpt-fast-compile",
                                           .sets = &set,
                                           .n_sets = set == NULL ? 0 : 1};
  return tp_setup_open(toy_dirs(), &request, arena, machine, &error);
}

static const struct tp_setup *opened(const char *platform, const char *device, const char *set)
{
  struct tp_setup *machine;
  if (open_with(platform, device, set, &machine) != TP_OK)
    ck_abort_msg("%s", error.text);
  return machine;
}

START_TEST(takes_the_platforms_device)
{
  const struct tp_setup *machine = opened("dgx-h100", NULL, NULL);
  ck_assert_str_eq(machine->device.name, "h100-sxm");
  ck_assert_ptr_eq(machine->platform.device, &machine->device);
  ck_assert_str_eq(opened("dgx-h100", "l40s", NULL)->device.name, "l40s");
}
END_TEST

/* The sidecar's hash is of the file's bytes: equal files, equal hashes, whatever --set says. */
START_TEST(hashes_inputs)
{
  const struct tp_setup *a = opened("dgx-h100", NULL, NULL);
  const struct tp_setup *b = opened("dgx-h100", NULL, "nvlink.latency_s=1e-6");
  const struct tp_setup *c = opened("dgx-h200", NULL, NULL);
  ck_assert_str_eq(a->inputs[0].what, "platform");
  ck_assert_str_eq(a->inputs[1].what, "device");
  ck_assert_str_eq(a->inputs[2].what, "stack");
  ck_assert_uint_eq(strlen(a->inputs[0].hash), 16);
  ck_assert_str_eq(a->inputs[0].hash, b->inputs[0].hash);
  ck_assert_str_ne(a->inputs[0].hash, c->inputs[0].hash);
  ck_assert_str_eq(a->inputs[2].hash, c->inputs[2].hash);
}
END_TEST

/* A SimGrid file in the place of a platform; the hash was computed apart, with Python. */
START_TEST(takes_xml)
{
  if (!toy_reads_xml())
    return;
  const struct tp_setup *machine = opened(TP_SRCDIR "/tests/platform/tiny.xml", "h100-sxm", NULL);
  ck_assert_str_eq(machine->platform.name, "toy");
  ck_assert_str_eq(machine->device.name, "h100-sxm");
  ck_assert_str_eq(machine->inputs[0].hash, "b120839285d09636");
}
END_TEST

/* Known by how it begins, whatever it is called. */
START_TEST(takes_xml_by_its_text)
{
  if (!toy_reads_xml())
    return;
  ck_assert_int_eq(symlink(TP_SRCDIR "/tests/platform/tiny.xml", "./test_open.txt"), 0);
  const struct tp_setup *machine = opened("./test_open.txt", "h100-sxm", NULL);
  ck_assert_str_eq(machine->platform.name, "toy");
  ck_assert_int_eq(unlink("./test_open.txt"), 0);
}
END_TEST

START_TEST(sets_each_document)
{
  const struct tp_setup *machine =
      opened("dgx-h100", NULL, "nvlink.bytes_per_s_per_direction=225e9");
  for (size_t l = 0; l < machine->platform.n_links; l++)
    ck_assert_rel(machine->platform.links[l].bytes_per_s, 225e9, 1e-15);
  ck_assert_rel(tp_platform_route(&machine->platform, 0, 1).bytes_per_s, 225e9, 1e-15);
  ck_assert_rel(
      opened("dgx-h100", NULL, "dram_bytes_per_s=1e12")->device.datasheet.dram_bytes_per_s, 1e12,
      1e-15);
  ck_assert_rel(opened("dgx-h100", NULL, "stack.spread_ratio=0.5")->stack.spread_ratio, 0.5, 1e-15);
  ck_assert_rel(opened("dgx-h100", NULL, "score_passes=7")->stack.attention.score_passes, 7, 1e-15);
  ck_assert(!opened("dgx-h100", NULL, "collectives.nvls=false")->stack.collectives.nvls);
  ck_assert(!opened("dgx-h100", NULL, "nvswitch.reduces=false")->platform.vertices[8].reduces);
  ck_assert_int_eq(opened("dgx-h100", NULL, "fusion.rope=false")->stack.collectives.nvls, true);
  ck_assert_rel(opened("dgx-h100", NULL, "links[0].latency_s=2e-6")->platform.links[3].latency_s,
                2e-6, 1e-15);
}
END_TEST

/* Of groups and keys that a stack leaves out, too; what it leaves out stands for none. */
START_TEST(sets_what_a_stack_leaves_out)
{
  const struct tp_setup *const unsaid = opened("dgx-h100", NULL, NULL);
  ck_assert_int_eq(unsaid->stack.experts.dispatch, 0);
  ck_assert(unsaid->stack.experts.skew < 0); /* at random */
  ck_assert_int_eq(opened("dgx-h100", NULL, "experts.dispatch=all-to-all")->stack.experts.dispatch,
                   1);
  ck_assert_rel(opened("dgx-h100", NULL, "experts.skew=0.5")->stack.experts.skew, 0.5, 1e-15);
  ck_assert_rel(
      opened("dgx-h100", NULL, "switch_in_place_ratio=2")->stack.collectives.switch_in_place_ratio,
      2, 1e-15);
  struct tp_setup *machine;
  ck_assert_int_eq(open_with("dgx-h100", NULL, "experts.dispatch=none", &machine), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "all-to-all"));
}
END_TEST

START_TEST(refuses)
{
  static const struct {
    const char *platform, *device, *set;
    const char *words; /* part of the message */
  } cases[] = {
      {"dgx-h10", NULL, NULL, "'dgx-h10'; did you mean 'dgx-h100'"},
      {"dgx-h100", "h100", NULL, "no device 'h100'"},
      {"dgx-h100", NULL, "gem.compute_ratio=0.5", "did you mean 'gemm.compute_ratio'"},
      {"dgx-h100", NULL, "nvlnk.latency_s=1e-6", "did you mean 'links.nvlink.latency_s'"},
      {"dgx-h100", NULL, "device.streams.held_ratio=1", "did you mean 'overlap.held_ratio'?"},
      {"dgx-h100", NULL, "frobnicate=1", "stack; keys begin vertices, links, datasheet, gemm, "},
      {"dgx-h100-x2", NULL, "latency_s=1e-6",
       "means 3 values, write more of the path: platform.links.nvlink.latency_s, "
       "platform.links.pcie.latency_s, platform.links.infiniband.latency_s"},
      {"dgx-h100", NULL, "gpu.node=1",
       "means 2 values, write more of the path: platform.vertices[0].node, "
       "platform.vertices[1].node"},
      {"dgx-h100", NULL, "latency_s", "write KEY=VALUE"},
      {"dgx-h100", NULL, "=1", "write KEY=VALUE"},
      {"dgx-h100", NULL, "latency_s=", "not a number"},
      {"dgx-h100", NULL, "latency_s=fast", "not a number"},
      {"dgx-h100", NULL, "latency_s=nan", "not a number"},
      {"dgx-h100", NULL, "latency_s=-1", "must be a number from 0 to 1"},
      {"dgx-h100", NULL, "atency_s=1", "no such value"},
      {"dgx-h100", NULL, "device=l40s", "no such value"},
      {"dgx-h100", NULL, "nvls=1", "not a true or false"},
      {"dgx-h100", NULL, "library=nvshmem", "must be one of \"nccl\""},
      {TP_SRCDIR "/tests/bad/platforms/xml-profile/platform.xml", NULL, NULL, "bandwidth_file"},
      {"/no/such/machine.xml", NULL, NULL, "/no/such/machine.xml"},
  };
  struct tp_setup *machine = NULL;
  ck_assert_int_eq(open_with(cases[_i].platform, cases[_i].device, cases[_i].set, &machine),
                   TP_E_INPUT);
  ck_assert_msg(strstr(error.text, cases[_i].words) != NULL, "'%s' is not in: %s", cases[_i].words,
                error.text);
  ck_assert_ptr_null(machine);
}
END_TEST

/* A library of one's own, by its path: what it says of a device, and words about that. */
START_TEST(a_library_speaks_of_a_device)
{
  static const char text[] =
      "{\"format\":1,\"name\":\"mine\",\"version\":\"1\",\"kind\":\"assumed\",\"source\":\"-\","
      "\"collectives\":{},\"devices\":{\"h100-sxm\":{\"note\":\"by hand\",\"source_of_it\":\"-\","
      "\"nccl\":{\"ll_base_s\":1.25e-4}}}}";
  const char *const file = tp_arena_printf(arena, "./test_open.%ld.json", (long)getpid());
  struct tp_doc stack, device;
  struct tp_library_files files;
  FILE *const out = fopen(file, "w");
  ck_assert(out != NULL && fputs(text, out) >= 0 && fclose(out) == 0);
  ck_assert_int_eq(
      tp_doc_parse("stack.json",
                   tp_arena_printf(arena, "{\"collectives\":{\"libraries\":[\"%s\"]}}", file),
                   arena, &stack, &error),
      TP_OK);
  ck_assert_int_eq(
      tp_doc_parse("device.json", "{\"name\":\"h100-sxm\",\"nccl\":{}}", arena, &device, &error),
      TP_OK);
  const enum tp_status status =
      tp_libraries_apply(toy_dirs(), &stack, &device, arena, &files, &error);
  unlink(file);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  ck_assert_double_eq(json_number_value(tp_doc_at(&device, "nccl.ll_base_s")), 1.25e-4);
  ck_assert_ptr_null(tp_doc_at(&device, "note"));
  tp_doc_close(&stack);
  tp_doc_close(&device);
}
END_TEST

enum { N_REFUSED = 18 };

static Suite *suite(void)
{
  Suite *suite = suite_create("open");
  TCase *machines = tcase_create("machines");
  tcase_add_checked_fixture(machines, setup, teardown);
  tcase_add_test(machines, takes_the_platforms_device);
  tcase_add_test(machines, hashes_inputs);
  tcase_add_test(machines, takes_xml);
  tcase_add_test(machines, takes_xml_by_its_text);
  tcase_add_test(machines, sets_each_document);
  tcase_add_test(machines, sets_what_a_stack_leaves_out);
  tcase_add_test(machines, a_library_speaks_of_a_device);
  tcase_add_loop_test(machines, refuses, 0, N_REFUSED);
  suite_add_tcase(suite, machines);
  return suite;
}
TP_SUITE_MAIN
