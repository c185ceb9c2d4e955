#ifndef TP_PROGRAM_SUBLAYER_H
#define TP_PROGRAM_SUBLAYER_H
/* One GEMM and the exchange of its output, alone: what T3 (arXiv 2401.16677) studies.
 *
 *     OP forward    attention's output projection     tokens x hidden = [tokens, q/tp]    W
 *     FC-2 forward  the MLP's second matrix           tokens x hidden = [tokens, ffn/tp]  W
 *     FC-1 backward gradient of the MLP's input       tokens x hidden = [tokens, ups/tp]  W'
 *     IP backward   gradient of attention's input     tokens x hidden = [tokens, qkv/tp]  W'
 *
 * Widths are split into tp equal parts, not into whole heads, so that any degree that divides the
 * width will do (28 heads at tp 8).
 */
#include "base/error.h"
#include "model/model.h"
#include "program/program.h"

#define TP_SUBLAYERS(X)      \
  X(TP_SUBLAYER_OP, "op")    \
  X(TP_SUBLAYER_FC2, "fc-2") \
  X(TP_SUBLAYER_FC1, "fc-1") \
  X(TP_SUBLAYER_IP, "ip")
enum tp_sublayer {
#define X(name, text) name,
  TP_SUBLAYERS(X)
#undef X
      TP_N_SUBLAYERS
};
const char *tp_sublayer_text(enum tp_sublayer which);

struct tp_sublayer_request {
  const struct tp_model *model;
  enum tp_sublayer which;
  int tp;
  int64_t tokens; /* batch * sequence */
  enum tp_dtype dtype;
  bool split; /* reduce-scatter and all-gather in place of the all-reduce */
};

/* One segment "sublayer" x1: the GEMM on the compute stream; then, unless tp is 1, the all-reduce
 * of tokens x hidden on the communication stream, or reduce-scatter and all-gather.  Events as in
 * pass.h: "sublayer.ready", "sublayer.done".  Everything is in the arena.  TP_E_INPUT where tp does
 * not divide the width, or tokens if split, or a count is below 1. */
enum tp_status tp_sublayer_build(const struct tp_sublayer_request *request, struct tp_arena *arena,
                                 struct tp_program *program, struct tp_error *error);
#endif
