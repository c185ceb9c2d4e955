#ifndef TP_PROGRAM_STAGE_H
#define TP_PROGRAM_STAGE_H
/* Pipeline stages: a program is cut where one stage hands over to the next.
 *
 *     whole     embed  layer x80                                              norm  head
 *     stage 0   embed  layer x39  layer (its last norm left out)  send
 *     stage 1   receive: the norm  layer x40                      norm  head  send
 *
 * What is sent is what later ops read before they write it: of the standard architecture the
 * residual; of ladder the residual and the outputs of both modules, whose all-reduces are under way
 * (arXiv 2501.06589).  What is the norm of something sent is worked out anew instead.  The last
 * stage sends the first the tokens that it has sampled.  No builder knows of any of this.
 *
 * A stage of a training step is one of its passes:
 *
 *     forward    stage 0   embed  layer x40  send         stage 1   layer x40  loss
 *     backward   stage 0   layer.grad x40  embedding      stage 1   layer.grad x40  send
 *
 * Norms stay with the layer before them, where the whole step has them: each stage has as many.
 */
#include "program/variant.h"

/* Layers `first` .. `first + count - 1` of the model. */
struct tp_stage {
  int64_t first, count;
};

/* Layers are shared out evenly; the first stages take one more where they do not divide. */
struct tp_stage tp_stage_of(const struct tp_request *request);

/* TP_E_INPUT where this request has no such stages: more of them than layers. */
enum tp_status tp_stage_check(const struct tp_request *request, struct tp_error *error);

/* Makes a whole program, whose ops say their operands, that of stage `request->stage`; or a
 * training step, whose builder says what is handed over, one pass of that stage, which sends it to
 * the stage behind, or the gradients back.  TP_E_INPUT where ops that belong to several layers at
 * once stand across the cut, or the ops of an inference say nothing. */
enum tp_status tp_stage_cut(const struct tp_request *request, struct tp_arena *arena,
                            struct tp_program *program, struct tp_error *error);

/* train_update.c: what a training step's program ends with: sums over replicas of the gradients that no layer has, and
 * the optimiser's pass over all that it keeps. */
enum tp_status tp_stage_end_training(const struct tp_request *request, struct tp_arena *arena,
                                     struct tp_program *program, struct tp_error *error);
#endif
