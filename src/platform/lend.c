#include "platform/lend.h"

#include <math.h>
#include <string.h>

/* Standard deviation of ln(time) that a group's parameters add on a device, or in a format, that
 * they were not fitted to: B200's on B300 and GB200 add 0.05 to 0.09. */
static const double carried_spread = 0.1;

double tp_device_widened(double spread_ratio)
{
  return fmin(2, hypot(spread_ratio, carried_spread));
}

/* A copy of the group that says where it is from. */
static json_t *borrowed(const json_t *group, const char *lender)
{
  json_t *const copy = json_deep_copy(group);
  json_t *const spread = json_object_get(copy, "spread_ratio");
  if (json_is_number(spread))
    json_object_set_new(copy, "spread_ratio",
                        json_real(tp_device_widened(json_number_value(spread))));
  json_object_set_new(copy, "kind", json_string("assumed"));
  json_object_set_new(copy, "source", json_sprintf("as on %s", lender));
  json_object_del(copy, "note");
  return copy;
}

static bool is_like_itself(const struct tp_doc *doc, const char *like)
{
  const char *const name = json_string_value(tp_doc_at(doc, "name"));
  return name != NULL && strcmp(name, like) == 0;
}

/* Adds what the lender has and the document not. */
static void take_groups(const struct tp_doc *doc, const struct tp_doc *lender, const char *name)
{
  const char *key;
  json_t *group;
  json_object_foreach (lender->root, key, group)
    if (json_is_object(group) && strcmp(key, "datasheet") != 0 &&
        json_object_get(doc->root, key) == NULL)
      json_object_set_new(doc->root, key, borrowed(group, name));
}

/* `chain` devices are left that may each be like the next. */
static enum tp_status borrow(const struct tp_datadir *dirs, const struct tp_doc *doc, int chain,
                             struct tp_arena *arena, struct tp_error *error)
{
  const json_t *const like = tp_doc_at(doc, "like");
  const char *path;
  struct tp_doc lender;
  if (like == NULL)
    return TP_OK;
  const char *const name = json_string_value(like);
  if (name == NULL || is_like_itself(doc, name) || chain == 0)
    return tp_doc_fail(doc, "like", error, "give the name of another device, like no third");
  TP_TRY(tp_datadir_find(dirs, "device", "platforms/devices", ".json", name, arena, &path, error));
  TP_TRY(tp_doc_open(path, arena, &lender, error));
  const enum tp_status status = borrow(dirs, &lender, chain - 1, arena, error);
  if (status == TP_OK)
    take_groups(doc, &lender, name);
  tp_doc_close(&lender);
  return status;
}

enum tp_status tp_device_borrow(const struct tp_datadir *dirs, const struct tp_doc *doc,
                                struct tp_arena *arena, struct tp_error *error)
{
  enum { LONGEST_CHAIN = 3 };
  return borrow(dirs, doc, LONGEST_CHAIN, arena, error);
}

#define TAKE(key, least, most, meaning) to->key = from->key;
#define LEND(group, TABLE, lender)                                 \
  if (device->group.kind == TP_PROVENANCE_NONE) {                  \
    struct tp_device_##group *const to = &device->group;           \
    const struct tp_device_##lender *const from = &device->lender; \
    TABLE(TAKE)                                                    \
    to->kind = TP_PROVENANCE_ASSUMED;                              \
    to->source = "as " #lender;                                    \
    to->spread_ratio = tp_device_widened(from->spread_ratio);      \
  }

/* Eight kernels: sorting, permuting, two products, activating, summing. */
#define LEND_EXPERTS(group, lender)                                  \
  if (device->group.kind == TP_PROVENANCE_NONE)                      \
    device->group = (struct tp_device_##group){                      \
        .kind = TP_PROVENANCE_ASSUMED,                               \
        .source = "as " #lender ", with tiles of 16 to 128 tokens",  \
        .launch_s = 8 * device->memory.kernel_floor_s,               \
        .sort_s = 3 * device->memory.kernel_floor_s,                 \
        .compute_ratio = device->lender.compute_ratio,               \
        .dram_ratio = device->lender.dram_ratio,                     \
        .sm_bytes_per_s = device->lender.sm_bytes_per_s,             \
        .l2_bytes_per_s = device->lender.l2_bytes_per_s,             \
        .depth_s = device->lender.depth_s,                           \
        .epilogue_bytes_per_s = device->lender.epilogue_bytes_per_s, \
        .wave_ratio = device->lender.wave_ratio,                     \
        .least_rows = 16,                                            \
        .most_rows = 128,                                            \
        .panel_cache_ratio = 1,                                      \
        .row_dram_ratio = device->memory.dram_ratio,                 \
        .spread_ratio = tp_device_widened(device->lender.spread_ratio)};

static void lend_latent_prefill(struct tp_device *device)
{
  const struct tp_device_attention_prefill *const from = &device->attention_prefill;
  if (device->latent_prefill.kind == TP_PROVENANCE_NONE)
    device->latent_prefill =
        (struct tp_device_latent_prefill){.kind = TP_PROVENANCE_ASSUMED,
                                          .source = "as attention_prefill",
                                          .launch_s = from->launch_s,
                                          .compute_ratio = from->compute_ratio,
                                          .dram_ratio = from->dram_ratio,
                                          .tile_rows = from->tile_rows,
                                          .tile_s = from->tile_s,
                                          .kv8_launch_s = from->kv8_launch_s,
                                          .spread_ratio = tp_device_widened(from->spread_ratio)};
}

static void lend_latent_decode(struct tp_device *device)
{
  const struct tp_device_attention_decode *const from = &device->attention_decode;
  if (device->latent_decode.kind == TP_PROVENANCE_NONE)
    device->latent_decode =
        (struct tp_device_latent_decode){.kind = TP_PROVENANCE_ASSUMED,
                                         .source = "as attention_decode",
                                         .launch_s = from->launch_s,
                                         .unit_s = from->unit_s,
                                         .tile_heads = 64,
                                         .compute_ratio = from->compute_ratio,
                                         .dram_ratio = from->dram_ratio,
                                         .sm_bytes_per_s = from->sm_bytes_per_s,
                                         .l2_bytes_per_s = from->l2_bytes_per_s,
                                         .most_splits = from->most_splits,
                                         .combine_s = from->combine_s,
                                         .split_s = from->split_s,
                                         .kv8_launch_s = from->kv8_launch_s,
                                         .spread_ratio = tp_device_widened(from->spread_ratio)};
}

void tp_device_lend(struct tp_device *device)
{
  LEND(gemm_fp8_block, TP_DEVICE_GEMM, gemm_fp8)
  LEND(gemm_nvfp4, TP_DEVICE_GEMM, gemm_fp8)
  lend_latent_prefill(device);
  lend_latent_decode(device);
  LEND_EXPERTS(experts, gemm)
  LEND_EXPERTS(experts_fp8, gemm_fp8)
  LEND(experts_fp8_block, TP_DEVICE_EXPERTS, experts_fp8)
  LEND_EXPERTS(experts_nvfp4, gemm_nvfp4)
  LEND(experts_w4a16, TP_DEVICE_EXPERTS, experts)
  LEND(experts_w4a16_marlin, TP_DEVICE_EXPERTS, experts_w4a16)
  LEND(experts_w4a8, TP_DEVICE_EXPERTS, experts_fp8)
}
