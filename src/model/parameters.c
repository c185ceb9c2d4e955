#include "model/model.h"

static int64_t norm_parameters(const struct tp_model *model)
{
  return model->norm == TP_NORM_LAYER ? 2 * model->hidden : model->hidden; /* weight and bias */
}

static int64_t sub_layer_parameters(const struct tp_model *model)
{
  const int64_t q = model->heads * model->head_dim, kv = model->kv_heads * model->head_dim;
  const int64_t ups = model->gated_mlp ? 2 : 1;
  int64_t count = model->hidden * (q + 2 * kv) + q * model->hidden;
  count += (ups + 1) * model->hidden * model->ffn;
  count += (model->shared_norm ? 1 : 2) * norm_parameters(model);
  if (model->qkv_bias)
    count += q + 2 * kv;
  if (model->out_bias)
    count += model->hidden;
  if (model->mlp_bias)
    count += ups * model->ffn + model->hidden;
  if (model->qk_norm)
    count += 2 * model->head_dim;
  return count;
}

int64_t tp_model_layer_parameters(const struct tp_model *model)
{
  const int64_t ways = model->kraken_ways > 0 ? model->kraken_ways : 1;
  return ways * sub_layer_parameters(model);
}

int64_t tp_model_parameters(const struct tp_model *model)
{
  const int64_t table = model->vocab * model->hidden;
  int64_t count = model->layers * tp_model_layer_parameters(model);
  count += model->tied_head ? table : 2 * table;
  count += model->max_positions * model->hidden;
  count += (model->embedding_norm ? 2 : 1) * norm_parameters(model);
  count += model->kraken_ways * model->hidden * model->hidden; /* combines the sub-layers */
  return count;
}
