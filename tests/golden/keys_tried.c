/* What keys.c tries of a key: which values, what is set beside them, and what is looked at. */
#include "keys.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t scaled_pairs(double value, struct tp_arena *arena,
                           struct keys_pair pairs[KEYS_MOST_PAIRS])
{
  static const double factors[][2] = {{0.5, 2}, {0.5, 1}, {1, 2}, {1, 1000}, {1e-3, 1}, {0.02, 1}};
  const size_t n = sizeof factors / sizeof *factors;
  for (size_t i = 0; i < n; i++)
    pairs[i] = (struct keys_pair){tp_arena_printf(arena, "%.6g", value * factors[i][0]),
                                  tp_arena_printf(arena, "%.6g", value * factors[i][1])};
  return n;
}

size_t keys_pairs(const char *value, struct tp_arena *arena,
                  struct keys_pair pairs[KEYS_MOST_PAIRS])
{
  static const struct keys_pair switches[] = {{"false", "true"}}, ones[] = {{"0", "1"}, {"1", "2"}},
                                zeros[] = {{"1e9", "1e12"}, {"1", "5"},   {"0", "1e-6"},
                                           {"0", "0.5"},    {"0", "100"}, {"0", "1e6"},
                                           {"1", "2"}};
#define GIVE(list) return memcpy(pairs, list, sizeof list), sizeof list / sizeof *list
  if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
    GIVE(switches);
  if (strcmp(value, "1") == 0)
    GIVE(ones);
  if (strcmp(value, "0") == 0)
    GIVE(zeros);
#undef GIVE
  return scaled_pairs(strtod(value, NULL), arena, pairs);
}

/* What else must be set for a key to bind: rows are quantised where there is a rate for it,
 * activations counted where memory binds and a cache is warm, a long sum split where its depth
 * costs and rows do not choose the tile; a cache has a size and a rate, nothing draws power where
 * no clock may rise, and memory binds where there is little of it.  "*" is the key's group. */
static const struct need {
  const char *pattern, *settings[2];
} needs[] = {
    {"*.quantise_row_s", {"*.quantise_bytes_per_s=1e12"}},
    {"*.activation_ratio", {"*.warm_bytes=3e7", "*.dram_ratio=0.05"}},
    {"*.cached_bytes", {"*.cache_bytes_per_s=7e12"}},
    {"*.cache_bytes_per_s", {"*.cached_bytes=3e7"}},
    {"*.idle_power_ratio", {"device.overlap.burst_ratio=1.4"}},
    {"*.dram_power_ratio", {"device.overlap.burst_ratio=1.4"}},
    {"stack.memory.prefill_tokens_to_64_gib", {"device.datasheet.dram_bytes=60e9"}},
    {"stack.memory.reserve_ratio", {"device.datasheet.dram_bytes=3.3e9"}},
    {"device.gemm*.split_s", {"*.half_tile_rows=0", "*.depth_s=1e-8"}},
};

struct keys_settings keys_settings_of(const char *key, const char *value, struct tp_arena *arena)
{
  struct keys_settings sets = {.n = 0};
  TP_APPEND(arena, sets.items, sets.n, tp_arena_printf(arena, "%s=%s", key, value));
  for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
    for (int s = 0; s < 2 && fnmatch(needs[i].pattern, key, 0) == 0; s++) {
      const char *const setting = needs[i].settings[s];
      if (setting == NULL)
        continue;
      const int n_group = (int)(strrchr(key, '.') - key);
      TP_APPEND(arena, sets.items, sets.n,
                setting[0] == '*' ? tp_arena_printf(arena, "%.*s%s", n_group, key, setting + 1)
                                  : setting);
    }
  return sets;
}

/* The times of a kernel and of a collective show in its op. */
static const char *const op_groups[] = {"device.gemm*",   "device.attention*", "device.experts*",
                                        "device.latent*", "device.memory*",    "device.nccl*",
                                        "device.peer*",   "device.scaling*"};

void keys_probes(const char *key, enum keys_probe probes[KEYS_PROBES_OF_ONE])
{
  enum keys_probe passes = KEYS_STANDARD;
  if (fnmatch("device.trigger.*", key, 0) == 0 || fnmatch("*.l2_bytes", key, 0) == 0)
    passes = KEYS_TRIGGERED;
  else if (fnmatch("device.overlap.*", key, 0) == 0)
    passes = KEYS_OVERLAPPED;
  else if (fnmatch("device.quantise.*", key, 0) == 0 || fnmatch("*.clock_hz", key, 0) == 0)
    passes = KEYS_QUANTISED;
  else if (fnmatch("stack.pipeline.*", key, 0) == 0)
    passes = KEYS_STAGES;
  bool ops_first = false;
  for (size_t i = 0; i < sizeof op_groups / sizeof *op_groups; i++)
    ops_first = ops_first || fnmatch(op_groups[i], key, 0) == 0;
  probes[0] = ops_first ? KEYS_OPS : passes;
  probes[1] = ops_first ? passes : KEYS_OTHERS;
  probes[2] = ops_first ? KEYS_OTHERS : KEYS_OPS;
}
