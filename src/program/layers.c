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
  for (int i = 0; i < n; i++) {
    tp_pass_segment(pass, name_of(&layers, range.group * runs[i].cycle > 1), runs[i].repeat);
    tp_pass_at_layer(pass, runs[i].first);
    for (int64_t group = 0; group < runs[i].cycle; group++)
      emit(pass);
  }
}
