#include "numeric/quantise.h"

#include "numeric/half.h"

#include <math.h>

size_t tp_low_bit_groups(const struct tp_low_bit *format, size_t n)
{
  const size_t group = (size_t)format->group;
  return n / group + (n % group != 0);
}

struct tp_quantised tp_quantised_create(const struct tp_low_bit *format, size_t n,
                                        struct tp_arena *arena)
{
  return (struct tp_quantised){
      .codes = TP_NEW(arena, uint8_t, n),
      .groups = TP_NEW(arena, struct tp_quantised_group, tp_low_bit_groups(format, n)),
  };
}

static enum tp_status check_values(const float *values, size_t n, struct tp_error *error)
{
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(values[i]) <= 65504.0f))
      return tp_fail(error, TP_E_INPUT,
                     "value %zu of %zu is %g; a low-bit all-reduce carries up to 65504", i + 1, n,
                     (double)values[i]);
  return TP_OK;
}

static bool is_spike(const struct tp_low_bit *format, const struct tp_quantised_group *group,
                     size_t i)
{
  return format->spike_reserving && (i == group->places[0] || i == group->places[1]);
}

/* The first smallest and the first largest value. */
static void reserve_spikes(const float *values, size_t n, struct tp_quantised_group *group)
{
  size_t least = 0, most = 0;
  for (size_t i = 1; i < n; i++) {
    if (values[i] < values[least])
      least = i;
    if (values[i] > values[most])
      most = i;
  }
  group->places[0] = (uint16_t)least;
  group->places[1] = (uint16_t)most;
  group->spikes[0] = tp_half_of(values[least]);
  group->spikes[1] = tp_half_of(values[most]);
}

/* Zero and scale over the values that are no spikes; both 0 where there are none. */
static void choose_range(const struct tp_low_bit *format, const float *values, size_t n,
                         struct tp_quantised_group *group)
{
  float least = INFINITY, most = -INFINITY;
  for (size_t i = 0; i < n; i++)
    if (!is_spike(format, group, i)) {
      least = fminf(least, values[i]);
      most = fmaxf(most, values[i]);
    }
  if (least > most)
    return;
  group->zero = tp_half_of(least);
  const float range = fmaxf(most - tp_half_value(group->zero), 0.0f);
  group->scale = tp_half_of(range / (float)((1 << format->bits) - 1));
}

static void quantise_group(const struct tp_low_bit *format, const float *values, size_t n,
                           uint8_t *codes, struct tp_quantised_group *group)
{
  *group = (struct tp_quantised_group){0};
  if (format->spike_reserving)
    reserve_spikes(values, n, group);
  choose_range(format, values, n, group);
  const float zero = tp_half_value(group->zero), scale = tp_half_value(group->scale);
  const float last = (float)((1 << format->bits) - 1);
  for (size_t i = 0; i < n; i++) {
    const bool has_code = scale > 0.0f && !is_spike(format, group, i);
    const float code = has_code ? rintf((values[i] - zero) / scale) : 0.0f;
    codes[i] = (uint8_t)fminf(fmaxf(code, 0.0f), last);
  }
}

static size_t length_of(const struct tp_low_bit *format, size_t group, size_t n)
{
  const size_t left = n - group * (size_t)format->group;
  return left < (size_t)format->group ? left : (size_t)format->group;
}

enum tp_status tp_quantise(const struct tp_low_bit *format, const float *values, size_t n,
                           struct tp_quantised *quantised, struct tp_error *error)
{
  TP_TRY(check_values(values, n, error));
  for (size_t g = 0; g < tp_low_bit_groups(format, n); g++) {
    const size_t first = g * (size_t)format->group;
    quantise_group(format, values + first, length_of(format, g, n), quantised->codes + first,
                   &quantised->groups[g]);
  }
  return TP_OK;
}

void tp_dequantise(const struct tp_low_bit *format, const struct tp_quantised *quantised, size_t n,
                   float *values)
{
  for (size_t g = 0; g < tp_low_bit_groups(format, n); g++) {
    const struct tp_quantised_group *group = &quantised->groups[g];
    const float zero = tp_half_value(group->zero), scale = tp_half_value(group->scale);
    const size_t first = g * (size_t)format->group;
    for (size_t i = 0; i < length_of(format, g, n); i++)
      values[first + i] = zero + (float)quantised->codes[first + i] * scale;
    for (int s = 0; format->spike_reserving && s < 2; s++)
      values[first + group->places[s]] = tp_half_value(group->spikes[s]);
  }
}
