#ifndef TP_RUN_KERNEL_MATH_H
#define TP_RUN_KERNEL_MATH_H
/* What kernels compute from a number, the same in C and on a GPU: elementwise functions of
 * published transformers, in fp32, and their constants. */
#include "run/fill_value.h"

#include <math.h>

/* Llama's and GPT-NeoX's; model files may say others, which change numbers but no time. */
#define TP_ROPE_BASE    10000.0f
#define TP_NORM_EPSILON 1e-5f

/* How far pair `pair` of a head turns at `position`: elements pair and pair + head_dim / 2. */
TP_BOTH_SIDES static inline float tp_rope_angle(int64_t position, int pair, int head_dim)
{
  return (float)position * powf(TP_ROPE_BASE, -2.0f * (float)pair / (float)head_dim);
}

/* On a GPU the quotient is right to two units in the last place: an exact one would take a third of
 * this function's instructions, and kernels would wait for it rather than for memory. */
TP_BOTH_SIDES static inline float tp_silu(float x)
{
#ifdef __CUDA_ARCH__
  return __fdividef(x, 1.0f + expf(-x));
#else
  return x / (1.0f + expf(-x));
#endif
}

/* The tanh form (Hendrycks and Gimpel, arXiv 1606.08415). */
TP_BOTH_SIDES static inline float tp_gelu(float x)
{
  const float sqrt_2_over_pi = 0.797884560802865f;
  return 0.5f * x * (1.0f + tanhf(sqrt_2_over_pi * (x + 0.044715f * x * x * x)));
}
#endif
