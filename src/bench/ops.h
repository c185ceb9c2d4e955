#ifndef TP_BENCH_OPS_H
#define TP_BENCH_OPS_H
/* gemm.csv, attention.csv, memory.csv, collectives.csv, interference.csv, sustained.csv,
 * crossings.csv, starts.csv: single ops, as `tpsim cost` reads them, with how long they took.
 *
 * Shapes are those of models' shards under the architectures that differ in them, and powers of
 * two between.
 */
#include "bench/op.h"
#include "bench/rig.h"
#include "program/variant.h"
#include "run/beside.h"

/* GEMMs by (n, k) and attentions by heads, each once; their m, batch and lengths are left open. */
struct tp_shapes {
  struct tp_gemm *gemms;
  struct tp_attention *attentions;
  size_t n_gemms, n_attentions;
};

struct tp_shape_request {
  const struct tp_model *models;
  size_t n_models;
  const int *tps;
  size_t n_tps;
  const struct tp_variant *variants;
  size_t n_variants;
};

/* Collects what a rank computes in the models' passes, in order of size, in `arena`.  A degree or
 * variant that a model does not allow is left out. */
void tp_shapes_collect(const struct tp_shape_request *request, struct tp_arena *arena,
                       struct tp_shapes *shapes);

/* What the model says of the op by itself. */
double tp_lone_expect_s(const struct tp_machine *machine, const struct tp_lone_op *lone);

/* Decode attention of a shard of 8 heads with one KV head, as the rig's stack computes it. */
struct tp_lone_op tp_lone_decode_attention(const struct tp_rig *rig, int64_t batch, int64_t kv_len);

/* Plans in `arena`, measured on the rig's device of one rank. */
enum tp_status tp_agenda_gemms(struct tp_rig *rig, const struct tp_shapes *shapes,
                               struct tp_arena *arena, struct tp_agenda *plan,
                               struct tp_error *error);
enum tp_status tp_agenda_attentions(struct tp_rig *rig, const struct tp_shapes *shapes,
                                    struct tp_arena *arena, struct tp_agenda *plan,
                                    struct tp_error *error);
enum tp_status tp_agenda_memory(struct tp_rig *rig, const struct tp_shapes *shapes,
                                struct tp_arena *arena, struct tp_agenda *plan,
                                struct tp_error *error);

/* Collectives among `ranks`: those of the run's group. */
enum tp_status tp_agenda_collectives(struct tp_rig *rig, int ranks, struct tp_arena *arena,
                                     struct tp_agenda *plan, struct tp_error *error);

/* Large GEMMs after `rest` and under seconds of load without pause: what power and temperature take
 * from the clocks.  `rest` leaves the device idle; NULL where it has no clocks. */
enum tp_status tp_agenda_sustained(struct tp_rig *rig, void (*rest)(double seconds),
                                   struct tp_arena *arena, struct tp_agenda *plan,
                                   struct tp_error *error);

/* A kernel and stand-ins of several sizes in turn, each waiting for the other's stream: what
 * streams and events cost.  As many ranks are emulated as the platform has GPUs for. */
enum tp_status tp_agenda_crossings(struct tp_rig *rig, struct tp_arena *arena,
                                   struct tp_agenda *plan, struct tp_error *error);

/* GEMMs, decode attention and a copy beside held SMs and beside a copy's traffic. */
enum tp_status tp_agenda_interference(struct tp_rig *rig, struct tp_beside *beside,
                                      struct tp_arena *arena, struct tp_agenda *plan,
                                      struct tp_error *error);

/* Stand-ins of two sizes amid GEMMs, decode attention and a copy. */
enum tp_status tp_agenda_starts(struct tp_rig *rig, struct tp_beside *beside,
                                struct tp_arena *arena, struct tp_agenda *plan,
                                struct tp_error *error);
#endif
