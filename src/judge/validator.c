/* What the parts of tp_validate share. */
#include "judge/validator.h"

#include "fit/repeats.h"

void tp_validator_add(struct tp_validator *self, size_t row, const char *metric, const char *what,
                      double measured, double predicted)
{
  struct tp_validated *figure = &self->validation->figures[self->validation->n_figures++];
  *figure = (struct tp_validated){
      .row = row,
      .name = tp_arena_printf(self->arena, "%s:%d: %s", self->csv.path, self->csv.lines[row], what),
      .metric = metric,
      .measured = measured,
      .predicted = predicted,
      .error = predicted / measured - 1};
}

enum tp_status tp_validator_tell(const struct tp_validator *self, struct tp_readable readable,
                                 const char *more)
{
  const struct tp_validate_request *const request = self->request;
  if (request->by != NULL)
    tp_readable_add(&readable.marks, request->by, self->arena);
  tp_measured_readable(&request->where, self->arena, &readable);
  tp_repeats_tell(&self->csv, &readable, self->arena, request->where.notes);
  return tp_unread_tell(&self->csv, &readable, more, self->catalog, self->error);
}
