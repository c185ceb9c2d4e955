#ifndef TP_OPS_COSTS_H
#define TP_OPS_COSTS_H
/* Costs of single ops, as a benchmark of one op would time them: no launch gap, no skew.
 *
 * A kernel (no collective) whose row has held_sms or copy_bytes_per_s above 0 is timed beside that
 * load: ops/interference.h.
 *
 * Rows of a CSV, by column `op`:
 *     gemm               m n k [dtype]
 *     attention_prefill  batch seq_len heads kv_heads head_dim [dtype] [window], causal
 *     attention_decode   batch kv_len heads kv_heads head_dim [dtype] [window] [kv_dtype]
 *     mla_prefill        batch seq_len heads [dtype] [kv_dtype] [kv_rank rope_dim nope_dim v_dim]
 *     mla_decode         batch kv_len heads and the same; absorbed
 *     moe                tokens hidden intermediate top_k experts moe_tp moe_ep [distribution]
 *                        [dtype]
 *     memory             read_bytes write_bytes: an elementwise kernel
 *     quantise           m k [dtype] [scale]
 *     all_reduce ...     bytes ranks [algorithm] [dtype]; bytes of one rank, as nccl-tests counts
 *     dispatch ...       tokens hidden top_k experts ranks [algorithm] [sms] [dtype] [routing]
 */
#include "base/csv.h"
#include "base/text.h"
#include "platform/open.h"
#include "predict/catalog.h"

struct tp_op_costs_request {
  const char *device;      /* name or path; NULL: the platform's, which is then given */
  const char *stack;       /* NULL: flash attention; NCCL, as gpt-fast-compile runs it */
  const char *platform;    /* NULL: a shipped one with this device, of one node if there is one */
  const char *const *sets; /* "KEY=VALUE" */
  size_t n_sets;
  struct tp_notes *notes; /* what a reader of the times must know, in the arena; NULL: nobody is */
};

/* 10 % and 90 % quantiles beside the median, in microseconds. */
struct tp_op_time {
  double predicted_us, low_us, high_us;
};

/* Times each row; `times` is arena-owned, one a row.  Faults are named by file, line and column. */
enum tp_status tp_op_costs(const struct tp_datadir *dirs, const struct tp_op_costs_request *request,
                           const struct tp_csv *csv, struct tp_arena *arena,
                           struct tp_op_time **times, struct tp_error *error);
#endif
