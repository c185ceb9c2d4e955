/* What the parts of tp_validate share. */
#include "judge/validator.h"

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
