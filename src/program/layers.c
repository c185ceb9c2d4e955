#include "program/layers.h"

static const char *name_of(const struct tp_layers *layers, bool several)
{
  if (layers->one != NULL)
    return several ? layers->several : layers->one;
  if (layers->backward)
    return several ? "layers.grad" : "layer.grad";
  return several ? "layers" : "layer";
}

void tp_pass_layers(struct tp_pass *pass, struct tp_layers layers,
                    void (*emit)(struct tp_pass *pass))
{
  struct tp_layer_run runs[TP_MAX_LAYER_RUNS];
  const struct tp_layer_range range = {.first = layers.first,
                                       .count = layers.count,
                                       .group = layers.group > 0 ? layers.group : 1,
                                       .backward = layers.backward};
  const int n = tp_pattern_runs(pass->request->model, range, runs);
  pass->group = range.group;
  pass->step = layers.backward ? -1 : 1;
  pass->layers_calls++;
  for (int i = 0; i < n; i++) {
    tp_pass_segment(pass, name_of(&layers, range.group * runs[i].cycle > 1), runs[i].repeat);
    pass->program->segments[pass->program->n_segments - 1].layers_call = pass->layers_calls;
    tp_pass_at_layer(pass, runs[i].first);
    for (pass->turn = 0; pass->turn < runs[i].cycle; pass->turn++) {
      const struct tp_layer *const layer = pass->shape;
      emit(pass);
      if (layers.backward && tp_request_sums_gradients(pass->request))
        tp_pass_sum_gradients(pass, (double)range.group * tp_pass_layer_bytes(pass, layer));
    }
  }
  pass->turn = 0;
}
