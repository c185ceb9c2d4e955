#ifndef TP_PEERS_QUANTISE_CUH
#define TP_PEERS_QUANTISE_CUH
/* A group of values quantised by the threads it belongs to. */
#include "peers/low_bit.cuh"

/* The values of a group, an octet at a time: source(first, valid, values) gives `valid` of them,
 * from value `first` of the part on.  What a thread had last it has still: one octet a thread, the
 * usual case, is asked for once. */
template <class Source> struct tp_group_values {
  const Source &source;
  int64_t first;
  int length, held;
  float x[TP_OCTET];

  __device__ tp_group_values(const Source &source_, int64_t first_, int length_)
      : source(source_), first(first_), length(length_), held(-1)
  {
  }
  __device__ int valid(int octet) const
  {
    return min(static_cast<int>(TP_OCTET), length - octet * TP_OCTET);
  }
  __device__ void take(int octet)
  {
    if (octet != held)
      source(first + octet * TP_OCTET, valid(octet), x);
    held = octet;
  }
};

/* The first of the smallest and the first of the largest values, at the same lane of all. */
template <class Source>
__device__ void tp_reserve_spikes(tp_group_values<Source> &values, int lane, int lanes,
                                  tp_group_scale *scale)
{
  float least = INFINITY, most = -INFINITY;
  int least_at = INT32_MAX, most_at = INT32_MAX;
  for (int octet = lane; octet * TP_OCTET < values.length; octet += lanes) {
    values.take(octet);
    TP_UNROLL
    for (int i = 0; i < TP_OCTET; i++) {
      if (i < values.valid(octet) && values.x[i] < least) {
        least = values.x[i];
        least_at = octet * TP_OCTET + i;
      }
      if (i < values.valid(octet) && values.x[i] > most) {
        most = values.x[i];
        most_at = octet * TP_OCTET + i;
      }
    }
  }
  for (int bit = 1; bit < lanes; bit *= 2) {
    const float other_least = __shfl_xor_sync(0xffffffffu, least, bit);
    const int other_least_at = __shfl_xor_sync(0xffffffffu, least_at, bit);
    const float other_most = __shfl_xor_sync(0xffffffffu, most, bit);
    const int other_most_at = __shfl_xor_sync(0xffffffffu, most_at, bit);
    if (other_least < least || (other_least == least && other_least_at < least_at)) {
      least = other_least;
      least_at = other_least_at;
    }
    if (other_most > most || (other_most == most && other_most_at < most_at)) {
      most = other_most;
      most_at = other_most_at;
    }
  }
  *scale = {0, 0, {least, most}, {least_at, most_at}};
}

/* Zero and scale over what is no spike, rounded to fp16 as the receiver has them. */
template <class Source>
__device__ void tp_choose_range(tp_group_values<Source> &values, const tp_low_bit_format &format,
                                int lane, int lanes, tp_group_scale *scale)
{
  float least = INFINITY, most = -INFINITY;
  for (int octet = lane; octet * TP_OCTET < values.length; octet += lanes) {
    values.take(octet);
    TP_UNROLL
    for (int i = 0; i < TP_OCTET; i++) {
      const int at = octet * TP_OCTET + i;
      const bool spike = format.spikes && (at == scale->places[0] || at == scale->places[1]);
      if (i < values.valid(octet) && !spike) {
        least = fminf(least, values.x[i]);
        most = fmaxf(most, values.x[i]);
      }
    }
  }
  for (int bit = 1; bit < lanes; bit *= 2) {
    least = fminf(least, __shfl_xor_sync(0xffffffffu, least, bit));
    most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, bit));
  }
  scale->zero = scale->scale = 0;
  if (least > most)
    return;
  const float codes = static_cast<float>((1 << format.bits) - 1);
  scale->zero = tp_half_from(tp_half_bits(least));
  scale->scale = tp_half_from(tp_half_bits(fmaxf(most - scale->zero, 0.0f) / codes));
}

static __device__ __forceinline__ uint64_t tp_code_of(float value, const tp_group_scale &scale,
                                                      float last)
{
  if (!(scale.scale > 0))
    return 0;
  return static_cast<uint64_t>(fminf(fmaxf(rintf((value - scale.zero) / scale.scale), 0.0f), last));
}

/* Group `group` of the part, by all threads of the warp: where there is no such group any more,
 * they only take part in shuffles. */
template <class Source>
__device__ void tp_quantise_group(const Source &source, const tp_packed &to, int64_t group,
                                  int lane, int lanes)
{
  const tp_low_bit_format &format = to.format;
  const int64_t first = group * format.group;
  const int64_t left = max(to.n - first, static_cast<int64_t>(0));
  tp_group_values<Source> values(source, first,
                                 static_cast<int>(min(left, static_cast<int64_t>(format.group))));
  tp_group_scale scale = {0, 0, {0, 0}, {0, 0}};
  if (format.spikes)
    tp_reserve_spikes(values, lane, lanes, &scale);
  tp_choose_range(values, format, lane, lanes, &scale);
  const float last = static_cast<float>((1 << format.bits) - 1);
  for (int octet = lane; octet * TP_OCTET < values.length; octet += lanes) {
    values.take(octet);
    uint64_t codes = 0;
    TP_UNROLL
    for (int i = 0; i < TP_OCTET; i++) {
      const int at = octet * TP_OCTET + i;
      const bool spike = format.spikes && (at == scale.places[0] || at == scale.places[1]);
      if (i < values.valid(octet) && !spike)
        codes |= tp_code_of(values.x[i], scale, last) << (8 * i);
    }
    tp_put_octet(to, first / TP_OCTET + octet, values.valid(octet), codes);
  }
  if (lane == 0 && left > 0)
    tp_put_scale(to, group, scale);
}
#endif
