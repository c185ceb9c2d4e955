#include "predict/precision.h"

#include <string.h>

static bool find_dtype(const char *text, enum tp_dtype *dtype)
{
  static const char *const names[] = {
#define X(name, text) text,
      TP_DTYPES(X)
#undef X
          NULL};
  for (size_t i = 0; names[i] != NULL; i++)
    if (strcmp(text, names[i]) == 0) {
      *dtype = (enum tp_dtype)i;
      return true;
    }
  return false;
}

bool tp_precision_is_own(const struct tp_model *model)
{
  return tp_model_is_quantised(model) || model->unknown_dtype != NULL || model->kv_dtype != NULL;
}

static bool has_part(const struct tp_model *model, enum tp_model_part part)
{
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++) {
    const struct tp_layer layer = tp_layer_make(model, kind);
    for (int i = 0; i < layer.n_matrices; i++)
      if (layer.matrices[i].part == part)
        return true;
  }
  return false;
}

struct tp_precision tp_precision_of(const struct tp_model *model, struct tp_arena *arena)
{
  struct tp_precision precision = {.dtype =
                                       tp_model_is_quantised(model) ? TP_DTYPE_BF16 : TP_DTYPE_FP16,
                                   .text = "auto",
                                   .refused = model->unknown_dtype};
  if (model->dtype != NULL)
    find_dtype(model->dtype, &precision.dtype);
  enum tp_dtype *const dtypes = TP_NEW(arena, enum tp_dtype, TP_N_PARTS), first = precision.dtype;
  bool any = false, alike = model->dtypes[TP_PART_HEAD] == NULL;
  for (int part = 0; part < TP_N_PARTS; part++) {
    dtypes[part] = precision.dtype;
    if (model->dtypes[part] != NULL && !find_dtype(model->dtypes[part], &dtypes[part]))
      precision.refused =
          tp_arena_printf(arena, "its %s are quantised as %s, which no GEMM here is; give --dtype",
                          tp_part_text((enum tp_model_part)part), model->dtypes[part]);
    if (part >= TP_PART_ROUTER || !has_part(model, (enum tp_model_part)part))
      continue;
    alike = alike && (!any || dtypes[part] == first);
    first = any ? first : dtypes[part];
    any = true;
  }
  if (alike) {
    precision.dtype = first;
    precision.text = tp_dtype_text(first);
  } else {
    precision.dtypes = dtypes;
  }
  return precision;
}
