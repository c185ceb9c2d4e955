#include "model/layer.h"
#include "model/pattern.h"

const char *tp_part_text(enum tp_model_part part)
{
  static const char *const texts[] = {
#define X(name, text) text,
      TP_PARTS(X)
#undef X
  };
  return texts[part];
}

static int64_t layers_of(const struct tp_model *model, int kind)
{
  return tp_model_layers_of(model, kind, 0, model->layers);
}

int64_t tp_model_layer_parameters(const struct tp_model *model, int kind)
{
  const struct tp_layer layer = tp_layer_make(model, kind);
  return layer.block.copies * (tp_layer_matrix_elements(&layer) + tp_layer_vector_elements(&layer));
}

int64_t tp_model_parameters(const struct tp_model *model)
{
  const int64_t table = model->vocab * model->hidden;
  int64_t count = 0;
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++)
    count += layers_of(model, kind) * tp_model_layer_parameters(model, kind);
  count += model->tied_head || model->headless ? table : 2 * table;
  count += model->max_positions * model->hidden;
  count += (model->embedding_norm ? 2 : 1) * tp_norm_elements(model->norm, model->hidden);
  count += model->kraken_ways * model->hidden * model->hidden; /* combines the sub-layers */
  return count;
}

int64_t tp_model_active_parameters(const struct tp_model *model)
{
  int64_t count = tp_model_parameters(model);
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++) {
    const struct tp_layer layer = tp_layer_make(model, kind);
    if (layer.block.experts.count > 0)
      count -= layers_of(model, kind) * tp_layer_idle_elements(&layer, layer.block.experts.top_k);
  }
  return count;
}

int64_t tp_model_cache_elements(const struct tp_model *model)
{
  int64_t count = 0;
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++) {
    const struct tp_layer layer = tp_layer_make(model, kind);
    count += layers_of(model, kind) * layer.block.copies * tp_layer_cache_elements(&layer);
  }
  return count;
}

bool tp_model_is_odd(const struct tp_model *model)
{
  bool odd = model->post_norms || model->norms_after || model->sinks || model->value_dim > 0 ||
             model->qk_norm == TP_QK_NORM_WHOLE || model->qk_norm == TP_QK_NORM_PLAIN ||
             model->norm == TP_NORM_PLAIN;
  for (int i = 0; i < tp_model_n_kinds(model); i++) {
    const struct tp_layer_kind *const kind = &model->kinds[i];
    odd = odd || kind->heads > 0 || kind->kv_heads > 0 || kind->head_dim > 0 ||
          kind->value_dim > 0 || kind->ffn > 0 || kind->no_attention || kind->no_mlp ||
          kind->keys_as_values;
  }
  return odd;
}
