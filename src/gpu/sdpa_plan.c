#include "gpu/sdpa_plan.h"

#include "gpu/cudnn.h"

enum { MOST_CONFIGS = 8 };

/* Of one mode of the heuristics, best first. */
struct configs {
  cudnnBackendDescriptor_t heuristics;
  int made;
  int64_t n; /* that cuDNN can make for the device */
  cudnnBackendDescriptor_t configs[MOST_CONFIGS];
};

static enum tp_status set_part(cudnnBackendDescriptor_t of, cudnnBackendAttributeName_t name,
                               cudnnBackendDescriptor_t part, struct tp_error *error)
{
  return TP_CUDNN(cudnnBackendSetAttribute(of, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &part),
                  error);
}

static enum tp_status ask(cudnnBackendDescriptor_t properties, cudnnBackendDescriptor_t graph,
                          cudnnBackendHeurMode_t mode, struct configs *asked,
                          struct tp_error *error)
{
  enum tp_status status = TP_CUDNN(
      cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &asked->heuristics), error);
  if (status == TP_OK)
    status = set_part(asked->heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph, error);
  if (status == TP_OK && properties != NULL)
    status = set_part(asked->heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, properties, error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnBackendSetAttribute(asked->heuristics, CUDNN_ATTR_ENGINEHEUR_MODE,
                                               CUDNN_TYPE_HEUR_MODE, 1, &mode),
                      error);
  return status == TP_OK ? TP_CUDNN(cudnnBackendFinalize(asked->heuristics), error) : status;
}

static enum tp_status take(struct configs *asked, struct tp_error *error)
{
  enum tp_status status = TP_OK;
  for (; asked->made < MOST_CONFIGS && status == TP_OK; asked->made += status == TP_OK)
    status = TP_CUDNN(cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
                                                   &asked->configs[asked->made]),
                      error);
  if (status != TP_OK)
    return status;
  return TP_CUDNN(cudnnBackendGetAttribute(asked->heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, MOST_CONFIGS, &asked->n,
                                           asked->configs),
                  error);
}

static void drop(struct configs *asked)
{
  for (int i = 0; i < asked->made; i++)
    if (asked->configs[i] != NULL)
      cudnnBackendDestroyDescriptor(asked->configs[i]);
  if (asked->heuristics != NULL)
    cudnnBackendDestroyDescriptor(asked->heuristics);
}

static enum tp_status set_target(cudnnBackendDescriptor_t plan, const struct tp_sdpa_target *target,
                                 struct tp_error *error)
{
  if (target->handle == NULL)
    return set_part(plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, target->properties, error);
  return TP_CUDNN(cudnnBackendSetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE,
                                           CUDNN_TYPE_HANDLE, 1, &target->handle),
                  error);
}

static enum tp_status make_of(const struct tp_sdpa_target *target, cudnnBackendDescriptor_t config,
                              struct tp_sdpa_plan *plan, struct tp_error *error)
{
  int64_t n = 0;
  enum tp_status status = TP_CUDNN(
      cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan->plan), error);
  if (status != TP_OK)
    return status;
  status = set_part(plan->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config, error);
  if (status == TP_OK)
    status = set_target(plan->plan, target, error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnBackendFinalize(plan->plan), error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnBackendGetAttribute(plan->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                               CUDNN_TYPE_INT64, 1, &n, &plan->workspace_bytes),
                      error);
  if (status != TP_OK) {
    cudnnBackendDestroyDescriptor(plan->plan);
    plan->plan = NULL;
  }
  return status;
}

/* By one mode of the heuristics; `error` holds why the last config did not do. */
static enum tp_status make_by(const struct tp_sdpa_target *target, cudnnBackendHeurMode_t mode,
                              struct tp_sdpa_plan *plan, struct tp_error *error)
{
  struct configs asked = {.n = 0};
  enum tp_status status = ask(target->handle == NULL ? target->properties : NULL, plan->graph.graph,
                              mode, &asked, error);
  if (status == TP_OK)
    status = take(&asked, error);
  if (status == TP_OK && asked.n == 0)
    status = tp_fail(error, TP_E_INPUT, "its heuristics name no engine");
  for (int64_t i = 0; i < asked.n && plan->plan == NULL; i++) {
    status = make_of(target, asked.configs[i], plan, error);
    if (status == TP_OK) {
      plan->config = asked.configs[i];
      asked.configs[i] = NULL;
    }
  }
  drop(&asked);
  return status;
}

static enum tp_status refuse(const struct tp_sdpa_shape *shape, enum tp_status status,
                             const struct tp_error *why, struct tp_error *error)
{
  return tp_fail(error, status,
                 "cuDNN %zu has no flash attention for batch %lld, %lld queries on %lld keys, "
                 "%lld/%lld heads of %lld: %.300s; choose materialised attention (attention.%s of "
                 "the stack)",
                 cudnnGetVersion(), (long long)shape->batch, (long long)shape->query_len,
                 (long long)shape->kv_len, (long long)shape->heads, (long long)shape->kv_heads,
                 (long long)shape->head_dim, why->text, shape->padded ? "decode" : "prefill");
}

enum tp_status tp_sdpa_plan_make(const struct tp_sdpa_target *target,
                                 const struct tp_sdpa_shape *shape, struct tp_sdpa_plan *plan,
                                 struct tp_error *error)
{
  struct tp_error why = {""};
  *plan = (struct tp_sdpa_plan){.plan = NULL};
  enum tp_status status = tp_sdpa_graph_make(target->handle, shape, &plan->graph, &why);
  if (status == TP_OK)
    status = make_by(target, CUDNN_HEUR_MODE_A, plan, &why);
  if (status != TP_OK && plan->graph.n > 0)
    status = make_by(target, CUDNN_HEUR_MODE_FALLBACK, plan, &why);
  if (status == TP_OK)
    return TP_OK;
  tp_sdpa_plan_free(plan);
  return refuse(shape, status, &why, error);
}

void tp_sdpa_plan_free(struct tp_sdpa_plan *plan)
{
  if (plan->plan != NULL)
    cudnnBackendDestroyDescriptor(plan->plan);
  if (plan->config != NULL)
    cudnnBackendDestroyDescriptor(plan->config);
  tp_sdpa_graph_free(&plan->graph);
}
