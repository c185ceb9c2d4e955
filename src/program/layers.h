#ifndef TP_PROGRAM_LAYERS_H
#define TP_PROGRAM_LAYERS_H
/* A model's layers as segments of a program: a run of layers (model/pattern.h) becomes a segment
 * whose repetition is one cycle of them. */
#include "model/pattern.h"
#include "program/pass.h"

struct tp_layers {
  int64_t first, count;
  int64_t group;             /* layers at a time; 0: one */
  bool backward;             /* from the last to the first */
  const char *one, *several; /* names of a segment that repeats one layer, or several; NULL: by
                                direction, "layer" or "layers.grad" */
};

/* `emit` emits the ops of the next pass->group layers, with tp_pass_next_layer where one of them
 * ends; pass->shape is its table. */
void tp_pass_layers(struct tp_pass *pass, struct tp_layers layers,
                    void (*emit)(struct tp_pass *pass));
#endif
