/* Figures in groups, speedups and the worst. */
#include "base/text.h"
#include "judge/validator.h"

#include <math.h>
#include <string.h>

static bool is_worse(const struct tp_validated *a, const struct tp_validated *b)
{
  return b == NULL || fabs(a->error) > fabs(b->error);
}

static void add_to_group(struct tp_validated_group *group, const struct tp_validated *figure)
{
  group->n++;
  group->mape += (fabs(figure->error) - group->mape) / (double)group->n;
  group->bias += (figure->error - group->bias) / (double)group->n;
  if (is_worse(figure, group->worst))
    group->worst = figure;
}

/* The value of a figure in the grouping column; "metric" is one, too. */
static const char *value_of(const struct tp_validator *self, const char *by,
                            const struct tp_validated *figure)
{
  const int column = tp_csv_column(&self->csv, by);
  return column < 0 && strcmp(by, "metric") == 0 ? figure->metric
                                                 : tp_csv_cell(&self->csv, figure->row, column);
}

/* Adds the groups of one column, in the order in which their values come. */
static void group_by(struct tp_validator *self, const char *by)
{
  struct tp_validation *validation = self->validation;
  const size_t first = validation->n_groups;
  for (size_t i = 0; i < validation->n_figures; i++) {
    const struct tp_validated *figure = &validation->figures[i];
    if (figure->fitted)
      continue;
    const char *const value = value_of(self, by, figure);
    size_t g = first;
    while (g < validation->n_groups && strcmp(validation->groups[g].value, value) != 0)
      g++;
    if (g == validation->n_groups)
      validation->groups[validation->n_groups++] =
          (struct tp_validated_group){.by = by, .value = value};
    add_to_group(&validation->groups[g], figure);
  }
}

static const char *const usual[] = {"op",       "dtype", "ranks",   "metric",
                                    "platform", "stack", "variant", "tp"};
enum { N_USUAL = sizeof usual / sizeof usual[0] };

/* By the columns that tell rows apart. */
static void group_as_usual(struct tp_validator *self)
{
  for (size_t i = 0; i < N_USUAL; i++) {
    const size_t before = self->validation->n_groups;
    if (strcmp(usual[i], "metric") != 0 && tp_csv_column(&self->csv, usual[i]) < 0)
      continue;
    group_by(self, usual[i]);
    if (self->validation->n_groups == before + 1)
      self->validation->n_groups = before;
  }
}

enum tp_status tp_validator_check_column(const struct tp_validator *self)
{
  const char *const by = self->request->by;
  if (by == NULL || tp_csv_column(&self->csv, by) >= 0 || strcmp(by, "metric") == 0)
    return TP_OK;
  return tp_fail(self->error, TP_E_INPUT, "--by: %s has no column '%.32s'%s", self->csv.path, by,
                 tp_text_hint(self->arena, by, self->csv.columns, self->csv.n_columns));
}

static void find_worst(struct tp_validation *validation)
{
  for (size_t i = 0; i < validation->n_figures; i++) {
    const struct tp_validated *figure = &validation->figures[i];
    if (figure->fitted)
      continue;
    size_t at = validation->n_worst;
    for (; at > 0 && is_worse(figure, validation->worst[at - 1]); at--)
      if (at < TP_WORST_FIGURES)
        validation->worst[at] = validation->worst[at - 1];
    if (at < TP_WORST_FIGURES)
      validation->worst[at] = figure;
    validation->n_worst += validation->n_worst < TP_WORST_FIGURES;
  }
}

/* All figures, and where some were fitted to those that were not. */
static void group_all(struct tp_validator *self)
{
  struct tp_validation *validation = self->validation;
  struct tp_validated_group *all = &validation->groups[0], *held_out = &validation->groups[1];
  *all = (struct tp_validated_group){.by = "all", .value = ""};
  *held_out = (struct tp_validated_group){.by = "held out", .value = ""};
  for (size_t i = 0; i < validation->n_figures; i++) {
    add_to_group(all, &validation->figures[i]);
    if (!validation->figures[i].fitted)
      add_to_group(held_out, &validation->figures[i]);
  }
  const bool apart = held_out->n > 0 && held_out->n < all->n;
  validation->judged = apart ? held_out : all;
  validation->n_groups = apart ? 2 : 1;
}

/* Columns that say what a point is: all inputs but the variant. */
static bool same_but_variant(const struct tp_validator *self, size_t a, size_t b)
{
  for (int i = 0; i < TP_N_AXES; i++) {
    const int column = tp_csv_column(&self->csv, tp_axis_column((enum tp_axis_name)i)->name);
    if (i != TP_AXIS_variant &&
        strcmp(tp_csv_cell(&self->csv, a, column), tp_csv_cell(&self->csv, b, column)) != 0)
      return false;
  }
  return true;
}

static const struct tp_validated *standard_of(const struct tp_validator *self,
                                              const struct tp_validated *figure)
{
  const int column = tp_csv_column(&self->csv, "variant");
  for (size_t i = 0; i < self->validation->n_figures; i++) {
    const struct tp_validated *other = &self->validation->figures[i];
    if (strcmp(other->metric, figure->metric) == 0 &&
        strcmp(tp_csv_cell(&self->csv, other->row, column), "standard") == 0 &&
        same_but_variant(self, other->row, figure->row))
      return other;
  }
  return NULL;
}

static struct tp_validated_group *speedups_of(struct tp_validation *validation, const char *value)
{
  for (size_t i = 0; i < validation->n_speedups; i++)
    if (strcmp(validation->speedups[i].value, value) == 0)
      return &validation->speedups[i];
  struct tp_validated_group *group = &validation->speedups[validation->n_speedups++];
  *group = (struct tp_validated_group){.by = "speedup", .value = value};
  return group;
}

/* A time of standard over that of the variant, measured and predicted. */
static void compare_speedups(struct tp_validator *self)
{
  struct tp_validation *validation = self->validation;
  const int column = tp_csv_column(&self->csv, "variant");
  validation->speedups = TP_NEW(self->arena, struct tp_validated_group, validation->n_figures + 1);
  for (size_t i = 0; column >= 0 && i < validation->n_figures; i++) {
    const struct tp_validated *figure = &validation->figures[i];
    const char *const variant = tp_csv_cell(&self->csv, figure->row, column);
    const bool is_time = strcmp(figure->metric, "tokens_per_s") != 0;
    if (!is_time || variant[0] == '\0' || strcmp(variant, "standard") == 0)
      continue;
    const struct tp_validated *standard = standard_of(self, figure);
    if (standard == NULL)
      continue;
    struct tp_validated *speedup = TP_NEW(self->arena, struct tp_validated, 1);
    *speedup = *figure;
    speedup->measured = standard->measured / figure->measured;
    speedup->predicted = standard->predicted / figure->predicted;
    speedup->error = speedup->predicted - speedup->measured;
    add_to_group(
        speedups_of(validation, tp_arena_printf(self->arena, "%s of %s", figure->metric, variant)),
        speedup);
  }
}

void tp_validator_summarise(struct tp_validator *self)
{
  struct tp_validation *validation = self->validation;
  validation->groups =
      TP_NEW(self->arena, struct tp_validated_group, 3 + N_USUAL * validation->n_figures);
  group_all(self);
  if (tp_csv_column(&self->csv, "emulated") >= 0)
    group_by(self, "emulated");
  if (self->request->by != NULL)
    group_by(self, self->request->by);
  else
    group_as_usual(self);
  compare_speedups(self);
  find_worst(validation);
}
