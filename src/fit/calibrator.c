#include "fit/calibrator.h"

#include <math.h>

/* NAN of a group that the file has not: its values were lent. */
static double number_at(const struct tp_doc *doc, const char *path)
{
  const json_t *const value = tp_doc_at(doc, path);
  return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

void tp_calibrator_add(struct tp_calibrator *self, const struct tp_calibrated *group,
                       const struct tp_doc *before, const struct tp_calibrator_found *found)
{
  struct tp_calibrated *added = &self->calibration->groups[self->calibration->n_groups++];
  *added = *group;
  added->parameters = TP_NEW(self->arena, struct tp_calibrated_parameter, group->n_parameters);
  for (size_t i = 0; i < group->n_parameters; i++) {
    const char *const path = tp_arena_printf(self->arena, "%s.%s", group->group, found->keys[i]);
    added->parameters[i] =
        (struct tp_calibrated_parameter){.key = found->keys[i],
                                         .before = number_at(before, path),
                                         .after = found->values[i],
                                         .error = found->errors[i] * found->values[i],
                                         .at_bound = found->at_bound != NULL && found->at_bound[i]};
  }
}

enum tp_status tp_calibrator_leave_out(struct tp_calibrator *self, const char *name,
                                       const char *source)
{
  if (self->request->traces == NULL)
    return TP_E_INPUT;
  self->calibration->groups[self->calibration->n_groups++] = (struct tp_calibrated){
      .group = name, .source = source, .left_out = tp_arena_strdup(self->arena, self->error->text)};
  return TP_OK;
}
