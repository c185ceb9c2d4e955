#ifndef TP_PEERS_LOW_BIT_CUH
#define TP_PEERS_LOW_BIT_CUH
/* Quantised values in kernels: the numbers of numeric/quantise.h and the bytes of numeric/packed.h,
 * bit for bit, for groups of a multiple of 8 values.
 *
 * Threads take octets: 8 values are as many bytes as a code has bits, so no byte is shared.  A
 * group belongs to `lanes` threads next to each other in a warp, a power of two, at most one an
 * octet.
 */
#include "gpu/kernels/launch.h"

#include <cstdint>
#include <cuda_fp16.h>

enum { TP_OCTET = 8, TP_LOW_BIT_BYTE_PLACES = 256 };

struct tp_low_bit_format {
  int bits, group;
  bool spikes;
};

/* `n` values as bytes. */
struct tp_packed {
  tp_low_bit_format format;
  int64_t n;
  unsigned char *bytes;
};

/* A group as the bytes have it: what its codes mean. */
struct tp_group_scale {
  float zero, scale, spikes[2];
  int places[2];
};

static __host__ __device__ inline int64_t tp_plane_bytes(int64_t n, int unit)
{
  return (n * unit + 7) / 8;
}

static __host__ __device__ inline int64_t tp_group_bytes(const tp_low_bit_format &format)
{
  const int place_bytes = format.group <= TP_LOW_BIT_BYTE_PLACES ? 1 : 2;
  return 4 + (format.spikes ? 4 + 2 * place_bytes : 0);
}

static __host__ __device__ inline int64_t tp_code_bytes(const tp_low_bit_format &format, int64_t n)
{
  int64_t bytes = 0;
  for (int unit = 8; unit > 0; unit /= 2)
    if ((format.bits & unit) != 0)
      bytes += tp_plane_bytes(n, unit);
  return bytes;
}

static __host__ __device__ inline int64_t tp_low_bit_bytes(const tp_low_bit_format &format,
                                                           int64_t n)
{
  const int64_t groups = (n + format.group - 1) / format.group;
  return tp_code_bytes(format, n) + groups * tp_group_bytes(format);
}

/* Threads that a group belongs to. */
static __host__ __device__ inline int tp_group_lanes(int group)
{
  int lanes = 1;
  while (lanes < 32 && 2 * lanes * TP_OCTET <= group)
    lanes *= 2;
  return lanes;
}

/* Up to 8 bytes, least first; in one access where they lie for it. */
static __device__ __forceinline__ void tp_put_bytes(unsigned char *at, uint64_t value, int bytes)
{
  const uintptr_t place = reinterpret_cast<uintptr_t>(at);
  if (bytes == 8 && place % 8 == 0)
    *reinterpret_cast<uint64_t *>(at) = value;
  else if (bytes == 4 && place % 4 == 0)
    *reinterpret_cast<uint32_t *>(at) = static_cast<uint32_t>(value);
  else if (bytes == 2 && place % 2 == 0)
    *reinterpret_cast<uint16_t *>(at) = static_cast<uint16_t>(value);
  else
    for (int i = 0; i < bytes; i++)
      at[i] = static_cast<unsigned char>(value >> (8 * i));
}

static __device__ __forceinline__ uint64_t tp_get_bytes(const unsigned char *at, int bytes)
{
  const uintptr_t place = reinterpret_cast<uintptr_t>(at);
  if (bytes == 8 && place % 8 == 0)
    return *reinterpret_cast<const uint64_t *>(at);
  if (bytes == 4 && place % 4 == 0)
    return *reinterpret_cast<const uint32_t *>(at);
  if (bytes == 2 && place % 2 == 0)
    return *reinterpret_cast<const uint16_t *>(at);
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++)
    value |= static_cast<uint64_t>(at[i]) << (8 * i);
  return value;
}

/* Codes of values 8 octet and on, a byte each; `valid` of them are there, the others 0. */
static __device__ __forceinline__ void tp_put_octet(const tp_packed &to, int64_t octet, int valid,
                                                    uint64_t codes)
{
  unsigned char *plane = to.bytes;
  int shift = to.format.bits;
  for (int unit = 8; unit > 0; unit /= 2) {
    if ((to.format.bits & unit) == 0)
      continue;
    shift -= unit;
    const unsigned mask = (1u << unit) - 1;
    uint64_t units = 0;
    TP_UNROLL
    for (int i = 0; i < TP_OCTET; i++)
      units |= (codes >> (8 * i + shift) & mask) << (i * unit);
    tp_put_bytes(plane + octet * unit, units, (valid * unit + 7) / 8);
    plane += tp_plane_bytes(to.n, unit);
  }
}

static __device__ __forceinline__ uint64_t tp_get_octet(const tp_packed &from, int64_t octet,
                                                        int valid)
{
  const unsigned char *plane = from.bytes;
  int shift = from.format.bits;
  uint64_t codes = 0;
  for (int unit = 8; unit > 0; unit /= 2) {
    if ((from.format.bits & unit) == 0)
      continue;
    shift -= unit;
    const unsigned mask = (1u << unit) - 1;
    const uint64_t units = tp_get_bytes(plane + octet * unit, (valid * unit + 7) / 8);
    TP_UNROLL
    for (int i = 0; i < TP_OCTET; i++)
      codes |= (units >> (i * unit) & mask) << (8 * i + shift);
    plane += tp_plane_bytes(from.n, unit);
  }
  return codes;
}

static __device__ __forceinline__ uint64_t tp_half_bits(float value)
{
  return __half_as_ushort(__float2half_rn(value));
}

static __device__ __forceinline__ float tp_half_from(uint64_t bits)
{
  return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
}

static __device__ __forceinline__ unsigned char *tp_scale_of(const tp_packed &packed, int64_t group)
{
  return packed.bytes + tp_code_bytes(packed.format, packed.n) +
         group * tp_group_bytes(packed.format);
}

static __device__ __forceinline__ void tp_put_scale(const tp_packed &to, int64_t group,
                                                    const tp_group_scale &scale)
{
  const int place_bytes = to.format.group <= TP_LOW_BIT_BYTE_PLACES ? 1 : 2;
  unsigned char *at = tp_scale_of(to, group);
  tp_put_bytes(at, tp_half_bits(scale.scale), 2);
  tp_put_bytes(at + 2, tp_half_bits(scale.zero), 2);
  at += 4;
  for (int s = 0; to.format.spikes && s < 2; s++, at += 2 + place_bytes) {
    tp_put_bytes(at, tp_half_bits(scale.spikes[s]), 2);
    tp_put_bytes(at + 2, static_cast<uint64_t>(scale.places[s]), place_bytes);
  }
}

static __device__ __forceinline__ tp_group_scale tp_get_scale(const tp_packed &from, int64_t group)
{
  const int place_bytes = from.format.group <= TP_LOW_BIT_BYTE_PLACES ? 1 : 2;
  const unsigned char *at = tp_scale_of(from, group);
  tp_group_scale scale;
  scale.scale = tp_half_from(tp_get_bytes(at, 2));
  scale.zero = tp_half_from(tp_get_bytes(at + 2, 2));
  at += 4;
  for (int s = 0; from.format.spikes && s < 2; s++, at += 2 + place_bytes) {
    scale.spikes[s] = tp_half_from(tp_get_bytes(at, 2));
    scale.places[s] = static_cast<int>(tp_get_bytes(at + 2, place_bytes));
  }
  return scale;
}

/* zero + code * scale is exact in the product: a fused multiply-add changes nothing. */
static __device__ __forceinline__ void tp_dequantise_octet(const tp_packed &from, int64_t octet,
                                                           int valid, float values[TP_OCTET])
{
  const int64_t group = octet * TP_OCTET / from.format.group;
  const int first = static_cast<int>(octet * TP_OCTET - group * from.format.group);
  const tp_group_scale scale = tp_get_scale(from, group);
  const uint64_t codes = tp_get_octet(from, octet, valid);
  TP_UNROLL
  for (int i = 0; i < TP_OCTET; i++) {
    values[i] = scale.zero + static_cast<float>(codes >> (8 * i) & 255) * scale.scale;
    for (int s = 0; from.format.spikes && s < 2; s++)
      if (first + i == scale.places[s])
        values[i] = scale.spikes[s];
  }
}
#endif
