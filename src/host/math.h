#ifndef TP_HOST_MATH_H
#define TP_HOST_MATH_H
/* What ops compute, on the CPU: in fp32, from and to values in their tensors' types.  A sum that an
 * op both stores and normalises is rounded to its type first, then normalised. */
#include "run/operand.h"

/* Any op but a collective, on `rank`.  `scratch` is the caller's to reset.  TP_E_CHECK where an
 * index is out of bounds, TP_E_INPUT where nobody says what to compute. */
enum tp_status tp_host_compute(const struct tp_bound_op *bound, int rank, struct tp_arena *scratch,
                               struct tp_error *error);

/* The same collective of all ranks, `bound[rank]`.  Sums are taken in the order of ranks. */
enum tp_status tp_host_collect(const struct tp_bound_op *const *bound, int ranks,
                               struct tp_arena *scratch, struct tp_error *error);

/* The parts: gemm.c, */
void tp_host_gemm(const struct tp_bound_op *bound, struct tp_arena *scratch);
/* attention.c, */
enum tp_status tp_host_attention(const struct tp_bound_op *bound, struct tp_arena *scratch,
                                 struct tp_error *error);
enum tp_status tp_host_cache(const struct tp_bound_op *bound, struct tp_arena *scratch,
                             struct tp_error *error);
enum tp_status tp_host_rope_cache(const struct tp_bound_op *bound, struct tp_arena *scratch,
                                  struct tp_error *error);
void tp_host_rope(const struct tp_bound_op *bound, struct tp_arena *scratch);
void tp_host_qk_norm(const struct tp_bound_op *bound, struct tp_arena *scratch);
/* experts.c: an expert's rows of up stand before those of its gate. */
void tp_host_top_k(const struct tp_bound_op *bound, struct tp_arena *scratch);
enum tp_status tp_host_experts(const struct tp_bound_op *bound, struct tp_arena *scratch,
                               struct tp_error *error);
/* ends.c. */
enum tp_status tp_host_embed(const struct tp_bound_op *bound, int rank, struct tp_arena *scratch,
                             struct tp_error *error);
void tp_host_sample(const struct tp_bound_op *bound, struct tp_arena *scratch);

/* row.c.  Row `row` as fp32, and back; room for one. */
void tp_host_load_row(const struct tp_operand *operand, int64_t row, float *values);
void tp_host_store_row(const struct tp_operand *operand, int64_t row, const float *values);
float *tp_host_row(struct tp_arena *scratch, const struct tp_operand *operand);
/* All of a gain or bias. */
float *tp_host_vector(struct tp_arena *scratch, const struct tp_operand *operand);

/* values / sqrt(mean square + epsilon) * gain */
void tp_host_rms_norm(float *values, const float *gain, int64_t n);
/* `n` outputs of gelu of as many columns, or of silu(gate) * up of twice as many. */
void tp_host_activate(const float *in, int64_t columns, float *out, int64_t n);

/* An INDEX operand's number; the position of a row's token in its sequence, by the lengths that
 * sequences have after the pass. */
int32_t tp_host_index(const struct tp_operand *operand, int64_t i);
int64_t tp_host_position(struct tp_place place, const struct tp_operand *lengths);
#endif
