#include "fit/kernel_parameters.h"

#include <math.h>
#include <string.h>

/* A table a group: its name stands between the table's macro and its rows. */
#define ROW(group, key, least, most)                     {#key, offsetof(struct tp_device, group.key), (least), (most)},
#define gemm_ROW(key, least, most, meaning)              ROW(gemm, key, least, most)
#define gemm_fp8_ROW(key, least, most, meaning)          ROW(gemm_fp8, key, least, most)
#define attention_prefill_ROW(key, least, most, meaning) ROW(attention_prefill, key, least, most)
#define attention_decode_ROW(key, least, most, meaning)  ROW(attention_decode, key, least, most)
#define scaling_ROW(key, least, most, meaning)           ROW(scaling, key, least, most)
#define memory_ROW(key, least, most, meaning)            ROW(memory, key, least, most)
#define gemm_fp8_block_ROW(key, least, most, meaning)    ROW(gemm_fp8_block, key, least, most)
#define gemm_nvfp4_ROW(key, least, most, meaning)        ROW(gemm_nvfp4, key, least, most)
#define latent_prefill_ROW(key, least, most, meaning)    ROW(latent_prefill, key, least, most)
#define latent_decode_ROW(key, least, most, meaning)     ROW(latent_decode, key, least, most)
#define experts_ROW(key, least, most, meaning)           ROW(experts, key, least, most)
#define experts_fp8_ROW(key, least, most, meaning)       ROW(experts_fp8, key, least, most)
#define experts_fp8_block_ROW(key, least, most, meaning) ROW(experts_fp8_block, key, least, most)
#define experts_nvfp4_ROW(key, least, most, meaning)     ROW(experts_nvfp4, key, least, most)
#define experts_w4a16_ROW(key, least, most, meaning)     ROW(experts_w4a16, key, least, most)
#define experts_w4a8_ROW(key, least, most, meaning)      ROW(experts_w4a8, key, least, most)
#define experts_w4a16_marlin_ROW(key, least, most, meaning) \
  ROW(experts_w4a16_marlin, key, least, most)
#define experts_cutlass_ROW(key, least, most, meaning) ROW(experts_cutlass, key, least, most)
#define experts_fp8_cutlass_ROW(key, least, most, meaning) \
  ROW(experts_fp8_cutlass, key, least, most)
#define nccl_ROW(key, least, most, meaning)               ROW(nccl, key, least, most)
#define peer_kernels_ROW(key, least, most, meaning)       ROW(peer_kernels, key, least, most)
#define deepep_dispatch_ROW(key, least, most, meaning)    ROW(deepep_dispatch, key, least, most)
#define deepep_combine_ROW(key, least, most, meaning)     ROW(deepep_combine, key, least, most)
#define deepep_ll_dispatch_ROW(key, least, most, meaning) ROW(deepep_ll_dispatch, key, least, most)
#define deepep_ll_combine_ROW(key, least, most, meaning)  ROW(deepep_ll_combine, key, least, most)
#define one_sided_dispatch_ROW(key, least, most, meaning) ROW(one_sided_dispatch, key, least, most)
#define one_sided_combine_ROW(key, least, most, meaning)  ROW(one_sided_combine, key, least, most)
#define two_sided_prepare_ROW(key, least, most, meaning)  ROW(two_sided_prepare, key, least, most)
#define two_sided_dispatch_ROW(key, least, most, meaning) ROW(two_sided_dispatch, key, least, most)
#define two_sided_combine_ROW(key, least, most, meaning)  ROW(two_sided_combine, key, least, most)

#define GROUPS_OF_KERNELS(X) \
  TP_DEVICE_KERNEL_GROUPS(X) \
  TP_DEVICE_LATER_GROUPS(X)
#define GROUPS_OF_COLLECTIVES(X)          \
  X(nccl, TP_DEVICE_NCCL)                 \
  X(peer_kernels, TP_DEVICE_PEER_KERNELS) \
  TP_DEVICE_EXCHANGE_GROUPS(X)

#define X(group, TABLE) \
  static const struct tp_kernel_parameter group##_table[] = {TABLE(group##_ROW)};
GROUPS_OF_KERNELS(X)
GROUPS_OF_COLLECTIVES(X)
#undef X

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GROUP(group, of_kernels) \
  {#group, group##_table, COUNT(group##_table), offsetof(struct tp_device, group.kind), of_kernels},
static const struct tp_kernel_group groups[] = {
#define X(group, TABLE) GROUP(group, true)
    GROUPS_OF_KERNELS(X)
#undef X
#define X(group, TABLE) GROUP(group, false)
        GROUPS_OF_COLLECTIVES(X)
#undef X
};

#define KEY(key, least, most, meaning) #key,
/* Counts, and what only other measurements can tell. */
static const char *const held_keys[] = {
    "sustained_ratio", "half_tile_rows",    "wide_tile_rows",  "tile_rows",
    "tile_heads",      "absorbs",           "tiles_by_tokens", "tiles_by_rows",
    "least_rows",      "most_rows",         "cached_bytes",    "row_latency_bytes",
    "expanded_ratio",  "partial_sequences", "spread_ratio",    TP_DEVICE_REGIONS(KEY) "few_rows"};

const char *const tp_kernel_region_keys[TP_N_REGIONS] = {TP_DEVICE_REGIONS(KEY)};

const struct tp_kernel_group *tp_kernel_group_find(const char *name)
{
  for (size_t i = 0; i < COUNT(groups); i++)
    if (strcmp(groups[i].name, name) == 0)
      return &groups[i];
  return NULL;
}

const struct tp_kernel_parameter *tp_kernel_parameter_find(const struct tp_kernel_group *group,
                                                           const char *key)
{
  for (size_t i = 0; i < group->n_table; i++)
    if (strcmp(group->table[i].key, key) == 0)
      return &group->table[i];
  return NULL;
}

double *tp_kernel_parameter_slot(struct tp_device *device, size_t offset)
{
  return (double *)(void *)((char *)device + offset);
}

static bool is_share(const struct tp_kernel_parameter *parameter)
{
  const char *suffix = strstr(parameter->key, "_ratio");
  return suffix != NULL && strcmp(suffix, "_ratio") == 0;
}

/* A time or rate at 0, or at the top of its range, is a term switched off: it stays so. */
bool tp_kernel_parameter_is_held(const struct tp_kernel_parameter *parameter, double value)
{
  for (size_t i = 0; i < COUNT(held_keys); i++)
    if (strcmp(held_keys[i], parameter->key) == 0)
      return true;
  return !is_share(parameter) && (value <= 0 || value >= parameter->most);
}

/* Shares move as a logit inside their bounds, the rest as a logarithm. */
double tp_kernel_parameter_to_free(const struct tp_kernel_parameter *parameter, double value)
{
  if (!is_share(parameter))
    return log(value);
  const double inside = (value - parameter->least) / (parameter->most - parameter->least);
  const double share = fmin(fmax(inside, 1e-3), 1 - 1e-3);
  return log(share / (1 - share));
}

double tp_kernel_parameter_from_free(const struct tp_kernel_parameter *parameter, double x)
{
  if (!is_share(parameter))
    return fmin(fmax(exp(x), parameter->least), parameter->most);
  return parameter->least + (parameter->most - parameter->least) / (1 + exp(-x));
}

/* Change of ln(value) with the free parameter. */
double tp_kernel_parameter_slope(const struct tp_kernel_parameter *parameter, double value)
{
  if (!is_share(parameter))
    return 1;
  return (value - parameter->least) * (parameter->most - value) /
         ((parameter->most - parameter->least) * value);
}
