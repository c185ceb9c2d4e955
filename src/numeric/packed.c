#include "numeric/packed.h"

#include <string.h>

enum { WIDEST_UNIT = 8, BYTE_PLACES = 256 };

static size_t plane_bytes(size_t n, size_t unit)
{
  const size_t a_byte = 8 / unit; /* values */
  return n / a_byte + (n % a_byte != 0);
}

static size_t place_bytes(const struct tp_low_bit *format)
{
  return format->group <= BYTE_PLACES ? 1 : 2;
}

static size_t group_bytes(const struct tp_low_bit *format)
{
  return 4 + (format->spike_reserving ? 4 + 2 * place_bytes(format) : 0);
}

static size_t code_bytes(const struct tp_low_bit *format, size_t n)
{
  size_t bytes = 0;
  for (size_t unit = WIDEST_UNIT; unit > 0; unit /= 2)
    if (((size_t)format->bits & unit) != 0)
      bytes += plane_bytes(n, unit);
  return bytes;
}

size_t tp_packed_bytes(const struct tp_low_bit *format, size_t n)
{
  return code_bytes(format, n) + tp_low_bit_groups(format, n) * group_bytes(format);
}

/* One unit of every code, `shift` bits above its lowest. */
static void put_plane(const uint8_t *codes, size_t n, unsigned unit, unsigned shift, uint8_t *plane)
{
  const unsigned mask = (1u << unit) - 1;
  memset(plane, 0, plane_bytes(n, unit));
  for (size_t i = 0; i < n; i++)
    plane[i * unit / 8] |= (uint8_t)(((codes[i] >> shift) & mask) << (i * unit % 8));
}

static void get_plane(const uint8_t *plane, size_t n, unsigned unit, unsigned shift, uint8_t *codes)
{
  const unsigned mask = (1u << unit) - 1;
  for (size_t i = 0; i < n; i++)
    codes[i] |= (uint8_t)(((unsigned)plane[i * unit / 8] >> (i * unit % 8) & mask) << shift);
}

static uint8_t *put(uint8_t *at, unsigned value, size_t bytes)
{
  for (size_t i = 0; i < bytes; i++)
    *at++ = (uint8_t)(value >> (8 * i));
  return at;
}

static const uint8_t *get(const uint8_t *at, size_t bytes, uint16_t *value)
{
  *value = 0;
  for (size_t i = 0; i < bytes; i++)
    *value = (uint16_t)(*value | *at++ << (8 * i));
  return at;
}

void tp_pack(const struct tp_low_bit *format, const struct tp_quantised *quantised, size_t n,
             uint8_t *packed)
{
  unsigned shift = (unsigned)format->bits;
  for (unsigned unit = WIDEST_UNIT; unit > 0; unit /= 2)
    if (((unsigned)format->bits & unit) != 0) {
      shift -= unit;
      put_plane(quantised->codes, n, unit, shift, packed);
      packed += plane_bytes(n, unit);
    }
  for (size_t g = 0; g < tp_low_bit_groups(format, n); g++) {
    const struct tp_quantised_group *group = &quantised->groups[g];
    packed = put(packed, group->scale, 2);
    packed = put(packed, group->zero, 2);
    for (int s = 0; format->spike_reserving && s < 2; s++) {
      packed = put(packed, group->spikes[s], 2);
      packed = put(packed, group->places[s], place_bytes(format));
    }
  }
}

void tp_unpack(const struct tp_low_bit *format, const uint8_t *packed, size_t n,
               struct tp_quantised *quantised)
{
  unsigned shift = (unsigned)format->bits;
  memset(quantised->codes, 0, n);
  for (unsigned unit = WIDEST_UNIT; unit > 0; unit /= 2)
    if (((unsigned)format->bits & unit) != 0) {
      shift -= unit;
      get_plane(packed, n, unit, shift, quantised->codes);
      packed += plane_bytes(n, unit);
    }
  for (size_t g = 0; g < tp_low_bit_groups(format, n); g++) {
    struct tp_quantised_group *group = &quantised->groups[g];
    *group = (struct tp_quantised_group){0};
    packed = get(packed, 2, &group->scale);
    packed = get(packed, 2, &group->zero);
    for (int s = 0; format->spike_reserving && s < 2; s++) {
      packed = get(packed, 2, &group->spikes[s]);
      packed = get(packed, place_bytes(format), &group->places[s]);
    }
  }
}
