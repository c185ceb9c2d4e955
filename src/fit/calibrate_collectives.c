/* Groups that are fitted to timed collectives: which platform, stack and values they start from. */
#include "fit/calibrator.h"
#include "fit/kernel_parameters.h"
#include "ops/platform.h"

#include <math.h>
#include <string.h>

enum { LEAST_ROWS = 12 };

/* The platform asked for, or the best with GPUs enough. */
static enum tp_status choose_platform(struct tp_calibrator *self,
                                      const struct tp_collective_rows *rows, const char **name)
{
  *name = self->request->platform;
  if (*name != NULL)
    return TP_OK;
  int ranks = 0;
  for (size_t i = 0; i < rows->n; i++)
    ranks = rows->items[i].ranks > ranks ? rows->items[i].ranks : ranks;
  struct tp_op_platform *platforms;
  size_t n;
  TP_TRY(tp_op_platforms(self->dirs, self->device.name, self->arena, &platforms, &n, self->error));
  for (size_t i = 0; i < n && *name == NULL; i++)
    if (platforms[i].n_gpus >= ranks)
      *name = platforms[i].name;
  if (*name == NULL)
    return tp_fail(self->error, TP_E_INPUT,
                   "no platform has %d GPUs of device '%s'; give --platform for collectives", ranks,
                   self->device.name);
  return TP_OK;
}

/* Rows that ran on other nodes than the platform's would bend its parameters. */
static enum tp_status check_placements(const struct tp_calibrator *self,
                                       const struct tp_collective_rows *rows,
                                       const struct tp_platform *platform)
{
  for (size_t i = 0; i < rows->n; i++) {
    const char *const fault =
        tp_op_placement_fault(&rows->items[i].placement, rows->items[i].ranks, platform,
                              self->request->platform != NULL, self->arena);
    if (fault != NULL)
      return tp_fail(self->error, TP_E_INPUT, "%s: %s", rows->source, fault);
  }
  if (self->request->platform == NULL)
    tp_op_platform_tell(self->request->where.notes, platform->name, self->arena);
  return TP_OK;
}

static enum tp_status open_setup(struct tp_calibrator *self, const struct tp_collective_rows *rows,
                                 const char *usual_stack, const struct tp_setup **setup)
{
  struct tp_setup_request wanted = {.device = self->request->device,
                                    .stack = self->request->stack != NULL ? self->request->stack
                                                                          : usual_stack};
  struct tp_setup *opened;
  TP_TRY(choose_platform(self, rows, &wanted.platform));
  TP_TRY(tp_setup_open(self->dirs, &wanted, self->arena, &opened, self->error));
  *setup = opened;
  return TP_OK;
}

/* A group of which device files say nothing starts from the library's values. */
static enum tp_status start_exchange(struct tp_calibrator *self, const char *name,
                                     const struct tp_setup *setup)
{
  const struct tp_kernel_group *const group = tp_kernel_group_find(name);
  const size_t reach = tp_kernel_parameter_find(group, "most_ranks")->offset;
  struct tp_device from = setup->device;
  if (*tp_kernel_parameter_slot(&from, reach) == 0)
    return tp_fail(self->error, TP_E_INPUT,
                   "stack %s has no %s of device %s to start from; give another --stack, or the "
                   "device file such a group",
                   setup->stack.name, name, self->device.name);
  for (size_t i = 0; i < group->n_table; i++)
    *tp_kernel_parameter_slot(&self->device, group->table[i].offset) =
        *tp_kernel_parameter_slot(&from, group->table[i].offset);
  return TP_OK;
}

/* What the device file does not say, the library did. */
static void say_before(struct tp_calibrator *self, const char *name, const struct tp_setup *setup)
{
  struct tp_device from = setup->device;
  const struct tp_calibrated *const added =
      &self->calibration->groups[self->calibration->n_groups - 1];
  const struct tp_kernel_group *const group = tp_kernel_group_find(name);
  for (size_t i = 0; i < added->n_parameters; i++) {
    struct tp_calibrated_parameter *const parameter = &added->parameters[i];
    if (isnan(parameter->before))
      parameter->before =
          *tp_kernel_parameter_slot(&from, tp_kernel_parameter_find(group, parameter->key)->offset);
  }
}

/* `usual_stack` has the group's library. */
static enum tp_status fit_collectives(struct tp_calibrator *self, const struct tp_doc *doc,
                                      const char *name, const char *usual_stack,
                                      const struct tp_collective_rows *rows)
{
  const struct tp_setup *setup;
  struct tp_fit_quality quality;
  if (rows->n == 0)
    return TP_OK;
  if (rows->n < LEAST_ROWS) {
    tp_fail(self->error, TP_E_INPUT,
            "%s: %zu rows of collectives are too few to fit %s; give at least %d", rows->source,
            rows->n, name, LEAST_ROWS);
    return tp_calibrator_leave_out(self, name, rows->source);
  }
  TP_TRY(open_setup(self, rows, usual_stack, &setup));
  TP_TRY(check_placements(self, rows, &setup->platform));
  struct tp_stack stack = setup->stack;
  if (strcmp(name, "nccl") == 0)
    stack.collectives.library = TP_LIBRARY_NCCL;
  else if (strcmp(name, "peer_kernels") == 0)
    stack.collectives.library = TP_LIBRARY_PEER_KERNELS;
  else
    TP_TRY(start_exchange(self, name, setup));
  struct tp_error reason;
  if (tp_fit_collectives(&setup->platform, &stack, name, rows->items, rows->n,
                         &self->request->options, &self->device, &quality, &reason) != TP_OK)
    return tp_fail(self->error, TP_E_INPUT, "%s: %s", rows->source, reason.text);
  const struct tp_calibrated group = {.group = name,
                                      .source = rows->source,
                                      .n_fitted = quality.n_rows,
                                      .n_held_out = quality.n_held_out,
                                      .fitted_error = quality.mean_error,
                                      .held_out_error = quality.held_out_error,
                                      .spread_ratio = quality.spread_ratio,
                                      .n_parameters = quality.n_parameters};
  const struct tp_calibrator_found found = {quality.keys, quality.values, quality.errors,
                                            quality.at_bound};
  tp_calibrator_add(self, &group, doc, &found);
  say_before(self, name, setup);
  return TP_OK;
}

/* Those with rows. */
static enum tp_status fit_exchanges(struct tp_calibrator *self, const struct tp_doc *doc)
{
  static const char *const groups[] = TP_EXCHANGE_GROUPS;
  for (size_t g = 0; g < TP_N_EXCHANGE_GROUPS; g++) {
    const bool deepep = strncmp(groups[g], "deepep_", 7) == 0;
    TP_TRY(fit_collectives(self, doc, groups[g], deepep ? "vllm-0.24-deepep" : "trtllm-1.3-nvlink",
                           &self->rows.exchanges[g]));
  }
  return TP_OK;
}

enum tp_status tp_calibrator_fit_collectives(struct tp_calibrator *self, const struct tp_doc *doc)
{
  TP_TRY(fit_collectives(self, doc, "nccl", "gpt-fast-compile", &self->rows.nccl));
  TP_TRY(fit_collectives(self, doc, "peer_kernels", "vllm-graph", &self->rows.peer_kernels));
  return fit_exchanges(self, doc);
}
