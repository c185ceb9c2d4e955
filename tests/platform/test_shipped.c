/* Every platform, device and stack in the tree loads, bears its file's name and names a device. */
#include "base/datadir.h"
#include "platform/lend.h"
#include "platform/library.h"
#include "platform/platform.h"
#include "platform/stack.h"

#include "../suite.h"

#include <math.h>

static const char *const roots[] = {TP_SRCDIR};
static const struct tp_datadir dirs = {roots, 1};

static struct tp_arena *arena;
static struct tp_error error;

static void setup(void)
{
  arena = tp_arena_create();
}

static void teardown(void)
{
  tp_arena_free(arena);
}

static struct tp_doc open_doc(const char *folder, const char *name)
{
  const char *path;
  struct tp_doc doc;
  if (tp_datadir_find(&dirs, folder, folder, ".json", name, arena, &path, &error) != TP_OK ||
      tp_doc_open(path, arena, &doc, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  return doc;
}

static size_t list(const char *folder, const char ***names)
{
  size_t n;
  if (tp_datadir_list(&dirs, folder, ".json", arena, names, &n, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  return n;
}

START_TEST(platforms_load)
{
  const char **names;
  const size_t n = list("platforms", &names);
  ck_assert_uint_ge(n, 17);
  for (size_t i = 0; i < n; i++) {
    struct tp_doc doc = open_doc("platforms", names[i]);
    struct tp_platform platform;
    if (tp_platform_read(&doc, arena, &platform, &error) != TP_OK)
      ck_abort_msg("%s", error.text);
    ck_assert_str_eq(platform.name, names[i]);
    tp_doc_close(&doc);
    doc = open_doc("platforms/devices", platform.device_name);
    tp_doc_close(&doc);
  }
}
END_TEST

START_TEST(devices_load)
{
  const char **names;
  const size_t n = list("platforms/devices", &names);
  ck_assert_uint_ge(n, 10);
  for (size_t i = 0; i < n; i++) {
    struct tp_doc doc = open_doc("platforms/devices", names[i]);
    struct tp_device device;
    if (tp_device_borrow(&dirs, &doc, arena, &error) != TP_OK ||
        tp_device_read(&doc, arena, &device, &error) != TP_OK)
      ck_abort_msg("%s", error.text);
    ck_assert_str_eq(device.name, names[i]);
    ck_assert_int_ne(device.datasheet.kind, TP_PROVENANCE_NONE);
    ck_assert_str_ne(device.datasheet.source, "");
    ck_assert_str_ne(device.gemm.source, "");
    ck_assert_int_ne(device.experts_w4a8.kind, TP_PROVENANCE_NONE);
    ck_assert(device.latent_decode.spread_ratio > 0);
    tp_doc_close(&doc);
  }
}
END_TEST

static const char like_h200[] =
    "{\"format\": 1, \"name\": \"mine\", \"like\": \"h200-sxm\", \"datasheet\": {\"kind\": "
    "\"datasheet\", \"source\": \"a test\", \"sm_count\": 78, \"clock_hz\": 1e9, "
    "\"fp16_flops_per_s\": 1e14, \"fp8_flops_per_s\": 2e14, \"fp32_flops_per_s\": 4e13, "
    "\"dram_bytes_per_s\": 4e12, \"dram_bytes\": 1e11, \"l2_bytes\": 6e7}}";

static struct tp_device read_like(const char *text)
{
  struct tp_doc doc;
  struct tp_device device;
  if (tp_doc_parse("mine", text, arena, &doc, &error) != TP_OK ||
      tp_device_borrow(&dirs, &doc, arena, &error) != TP_OK ||
      tp_device_read(&doc, arena, &device, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  tp_doc_close(&doc);
  return device;
}

/* What the lender says of itself is assumed of the borrower, and said less surely. */
START_TEST(a_datasheet_alone_will_do)
{
  struct tp_doc doc = open_doc("platforms/devices", "h200-sxm");
  struct tp_device lender;
  ck_assert_int_eq(tp_device_borrow(&dirs, &doc, arena, &error), TP_OK);
  ck_assert_int_eq(tp_device_read(&doc, arena, &lender, &error), TP_OK);
  tp_doc_close(&doc);
  const struct tp_device device = read_like(like_h200);
  ck_assert_int_eq(lender.gemm.kind, TP_PROVENANCE_FITTED);
  ck_assert_int_eq(device.gemm.kind, TP_PROVENANCE_ASSUMED);
  ck_assert_str_eq(device.gemm.source, "as on h200-sxm");
  ck_assert_rel(device.gemm.compute_ratio, lender.gemm.compute_ratio, 0);
  ck_assert_rel(device.gemm.spread_ratio, hypot(lender.gemm.spread_ratio, 0.1), 1e-12);
  ck_assert_rel(device.experts_fp8.dram_ratio, lender.experts_fp8.dram_ratio, 0);
  ck_assert_rel(device.datasheet.sm_count, 78, 0);
}
END_TEST

/* Without a lender's own rows, a group is as the device's own nearest. */
START_TEST(groups_of_other_formats_lend)
{
  struct tp_doc doc = open_doc("platforms/devices", "a100-sxm-80gb");
  struct tp_device device;
  ck_assert_int_eq(tp_device_read(&doc, arena, &device, &error), TP_OK);
  tp_doc_close(&doc);
  ck_assert_int_eq(device.gemm_nvfp4.kind, TP_PROVENANCE_ASSUMED);
  ck_assert_rel(device.gemm_nvfp4.launch_s, device.gemm_fp8.launch_s, 0);
  ck_assert_rel(device.experts.dram_ratio, device.gemm.dram_ratio, 0);
  ck_assert_rel(device.latent_decode.launch_s, device.attention_decode.launch_s, 0);
  ck_assert(device.experts.spread_ratio > device.gemm.spread_ratio);
}
END_TEST

START_TEST(stacks_load)
{
  const char **names;
  const size_t n = list("platforms/stacks", &names);
  ck_assert_uint_ge(n, 5);
  for (size_t i = 0; i < n; i++) {
    struct tp_doc doc = open_doc("platforms/stacks", names[i]);
    struct tp_stack stack;
    if (tp_stack_read(&doc, arena, &stack, &error) != TP_OK)
      ck_abort_msg("%s", error.text);
    ck_assert_str_eq(stack.name, names[i]);
    tp_doc_close(&doc);
  }
}
END_TEST

/* Every library names itself, and what it says of each device and of a stack is read there. */
START_TEST(libraries)
{
  const char **names, **devices;
  const size_t n = list("platforms/libraries", &names);
  const size_t n_devices = list("platforms/devices", &devices);
  ck_assert_uint_ge(n, 5);
  for (size_t i = 0; i < n * n_devices; i++) {
    struct tp_doc stack_doc = open_doc("platforms/stacks", "tpsim-cuda");
    struct tp_doc device_doc = open_doc("platforms/devices", devices[i % n_devices]);
    struct tp_library_files files;
    struct tp_stack stack;
    struct tp_device device;
    const char *const name = names[i / n_devices];
    json_object_set_new(tp_doc_at(&stack_doc, "collectives"), "libraries",
                        json_pack("[s, s]", name, "nccl-2.27"));
    if (tp_device_borrow(&dirs, &device_doc, arena, &error) != TP_OK ||
        tp_libraries_apply(&dirs, &stack_doc, &device_doc, arena, &files, &error) != TP_OK ||
        tp_stack_read(&stack_doc, arena, &stack, &error) != TP_OK ||
        tp_device_read(&device_doc, arena, &device, &error) != TP_OK)
      ck_abort_msg("%s", error.text);
    ck_assert_ptr_nonnull(strstr(files.items[0].path, name));
    tp_doc_close(&stack_doc);
    tp_doc_close(&device_doc);
  }
}
END_TEST

/* Every field of a stack file reaches its own member. */
START_TEST(stack_values)
{
  struct tp_doc doc = open_doc("platforms/stacks", "vllm-graph");
  struct tp_stack stack;
  const char *const sets[][2] = {{"launch.kernel_gap_s", "1e-6"},
                                 {"launch.host_launch_s", "2e-6"},
                                 {"attention.score_passes", "3"},
                                 {"collectives.one_shot_max_bytes_to_4_ranks", "4"},
                                 {"collectives.one_shot_max_bytes_above_4_ranks", "5"},
                                 {"collectives.two_shot_max_bytes_to_4_ranks", "6"},
                                 {"collectives.two_shot_max_bytes_above_4_ranks", "7"},
                                 {"collectives.switch_max_bytes_to_4_ranks", "12"},
                                 {"collectives.switch_max_bytes_above_4_ranks", "13"},
                                 {"collectives.in_place_s", "8e-6"},
                                 {"collectives.in_place_ratio", "9"},
                                 {"collectives.peer_fixed_ratio", "10"},
                                 {"spread_ratio", "0.11"}};
  struct tp_library_files files;
  ck_assert_int_eq(tp_libraries_apply(&dirs, &doc, NULL, arena, &files, &error), TP_OK);
  ck_assert_int_eq(files.n, 4);
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    ck_assert_int_eq(tp_doc_set(&doc, sets[i][0], sets[i][1], &error), TP_OK);
  if (tp_stack_read(&doc, arena, &stack, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  tp_doc_close(&doc);
  ck_assert_rel(stack.launch.kernel_gap_s, 1e-6, 1e-12);
  ck_assert_rel(stack.launch.host_launch_s, 2e-6, 1e-12);
  ck_assert_rel(stack.attention.score_passes, 3, 0);
  ck_assert_rel(stack.collectives.one_shot_max_bytes[0], 4, 0);
  ck_assert_rel(stack.collectives.one_shot_max_bytes[1], 5, 0);
  ck_assert_rel(stack.collectives.two_shot_max_bytes[0], 6, 0);
  ck_assert_rel(stack.collectives.two_shot_max_bytes[1], 7, 0);
  ck_assert_rel(stack.collectives.switch_max_bytes[0], 12, 0);
  ck_assert_rel(stack.collectives.switch_max_bytes[1], 13, 0);
  ck_assert_rel(stack.collectives.in_place_s, 8e-6, 1e-12);
  ck_assert_rel(stack.collectives.in_place_ratio, 9, 0);
  ck_assert_rel(stack.collectives.peer_fixed_ratio, 10, 0);
  ck_assert_rel(stack.spread_ratio, 0.11, 1e-12);
}
END_TEST

/* Each flag alone: the stack "eager" has none of them set. */
START_TEST(stack_flags)
{
  static const struct {
    const char *path;
    size_t offset;
  } flags[] = {
#define FLAG(path) {#path, offsetof(struct tp_stack, path)}
      FLAG(fusion.residual_norm),       FLAG(fusion.rope),         FLAG(fusion.activation),
      FLAG(fusion.overlapped_residual), FLAG(head.sharded),        FLAG(head.all_positions),
      FLAG(head.embedding_sharded),     FLAG(fusion.matrix_vector)
#undef FLAG
  };
  enum { N_FLAGS = sizeof flags / sizeof *flags };
  for (size_t i = 0; i < N_FLAGS; i++) {
    struct tp_doc doc = open_doc("platforms/stacks", "eager");
    struct tp_stack stack;
    ck_assert_int_eq(tp_doc_set(&doc, flags[i].path, "true", &error), TP_OK);
    ck_assert_int_eq(tp_stack_read(&doc, arena, &stack, &error), TP_OK);
    tp_doc_close(&doc);
    for (size_t j = 0; j < N_FLAGS; j++)
      ck_assert_int_eq(*(const bool *)((const char *)&stack + flags[j].offset), i == j);
  }
}
END_TEST

/* What the published runs of this stack are known to do. */
START_TEST(stack_choices)
{
  struct tp_doc doc = open_doc("platforms/stacks", "gpt-fast-compile");
  struct tp_stack stack;
  struct tp_library_files files;
  if (tp_libraries_apply(&dirs, &doc, NULL, arena, &files, &error) != TP_OK ||
      tp_stack_read(&doc, arena, &stack, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  tp_doc_close(&doc);
  ck_assert_int_eq(stack.launch.decode, TP_LAUNCH_GRAPH);
  ck_assert_int_eq(stack.launch.prefill, TP_LAUNCH_EAGER);
  ck_assert_int_eq(stack.attention.prefill, 1); /* materialised */
  ck_assert_int_eq(stack.attention.decode, 2);  /* expanded */
  ck_assert_int_eq(stack.attention.kv_cache, TP_KV_STATIC);
  ck_assert(stack.fusion.residual_norm && stack.fusion.rope);
  ck_assert(!stack.fusion.activation && !stack.fusion.overlapped_residual);
  ck_assert(!stack.head.sharded && stack.head.all_positions && !stack.head.embedding_sharded);
  ck_assert_int_eq(stack.collectives.library, TP_LIBRARY_NCCL);
  ck_assert(stack.collectives.nvls);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("shipped platforms");
  TCase *files = tcase_create("files");
  tcase_add_checked_fixture(files, setup, teardown);
  tcase_add_test(files, platforms_load);
  tcase_add_test(files, devices_load);
  tcase_add_test(files, a_datasheet_alone_will_do);
  tcase_add_test(files, groups_of_other_formats_lend);
  tcase_add_test(files, stacks_load);
  tcase_add_test(files, libraries);
  tcase_add_test(files, stack_values);
  tcase_add_test(files, stack_flags);
  tcase_add_test(files, stack_choices);
  suite_add_tcase(suite, files);
  return suite;
}
TP_SUITE_MAIN
