#ifndef TP_PREDICT_POINT_H
#define TP_PREDICT_POINT_H
/* One point of the result table, as it is asked for. */
#include "engine/engine.h"
#include "predict/prediction.h"
#include "predict/workload.h"
#include "program/variant.h"

/* Everything borrowed, and the same pointer means the same thing as long as a predictor lives:
 * machines are remembered by platform, device and stack. */
struct tp_point {
  const struct tp_model *model;
  const struct tp_platform *platform;
  const struct tp_device *device;
  const struct tp_stack *stack;
  const struct tp_variant *variant;
  struct tp_mesh mesh;
  int nodes; /* 0: as many as the ranks need */
  int64_t batch, prompt, generate;
  int64_t layers;      /* that `model` was cut to; 0: it is whole */
  int64_t micro_batch; /* sequences that go through the stages at a time; 0: all */
  int interleave;      /* stages a rank of a training step; 0: one */
  enum tp_dtype dtype;
  const enum tp_dtype *dtypes; /* by part of the model; NULL: `dtype` */
  const char *dtype_text;      /* of a row; NULL: the name of `dtype` */
  const char *refused;         /* why it cannot run, known from its names; NULL: nothing */
  enum tp_kv_dtype kv_dtype;   /* AUTO: that of activations */
  const struct tp_engine *engine;
  enum tp_detail detail;
  enum tp_algorithm collective; /* that runs the all-reduces; AUTO: as the stack chooses */
  struct tp_workload workload;  /* zeros: inference; training knows no `generate` */
};

/* False of a training step and a sub-layer: one pass over the prompt, without a first token. */
bool tp_point_generates(const struct tp_point *point);
/* Tokens it ends with; a pass that generates none ends where a generation of one would. */
int64_t tp_point_generated(const struct tp_point *point);

/* Tokens a sequence that the cache is allocated for. */
int64_t tp_point_capacity(const struct tp_point *point);

/* Parts that its layers are cut into. */
static inline int tp_point_stages(const struct tp_point *point)
{
  return tp_mesh_parts(&point->mesh, point->interleave);
}
/* Sequences of the replica that has most; in how many micro-batches they go through the stages. */
int64_t tp_point_sequences(const struct tp_point *point);
int64_t tp_point_micro_batches(const struct tp_point *point);

/* The batch of the prefill, or of the one pass there is, taken in so many steps: the tokens of all
 * sequences one after the other, no more a step than the stack allows.  And of the decode step that
 * attends `kv_len` tokens.  Of one micro-batch, where there are several. */
int64_t tp_point_prefill_steps(const struct tp_point *point);
struct tp_batch tp_point_prefill(const struct tp_point *point, int64_t step);
/* How many steps from this one on are the same: where each takes whole sequences, all that do. */
int64_t tp_point_prefill_alike(const struct tp_point *point, int64_t step);
struct tp_batch tp_point_decode(const struct tp_point *point, int64_t kv_len);

/* Whether decode steps attend the whole capacity of the cache, and what the first one attends. */
bool tp_point_cache_is_static(const struct tp_point *point);
int64_t tp_point_first_kv_len(const struct tp_point *point);

/* What stage `stage` does in the step. */
struct tp_request tp_point_request(const struct tp_point *point, int stage,
                                   const struct tp_batch *batch);

/* TP_E_INPUT where the machine's layout or the model's positions are not those of the point. */
enum tp_status tp_point_check(const struct tp_point *point, const struct tp_machine *machine,
                              struct tp_error *error);

/* The same but for the variant. */
bool tp_point_same_point(const struct tp_point *a, const struct tp_point *b);

/* Fills the input columns. */
void tp_point_describe(const struct tp_point *point, struct tp_prediction *prediction);
#endif
