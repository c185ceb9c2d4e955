#include "plot/spans.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char *tp_plot_span_title(const struct tp_plot_row *row, struct tp_arena *arena)
{
  const char *const pass = row->input[TP_PLOT_pass];
  return tp_arena_printf(arena, "%s, %s, TP %s%s%s", row->input[TP_PLOT_model],
                         row->input[TP_PLOT_variant], row->input[TP_PLOT_tp],
                         pass[0] == '\0' ? "" : ": ", pass);
}

bool tp_plot_pass_read(const struct tp_plot_row *row, const char **name, const char **micro_batch)
{
  static const char *const names[] = {"forward", "backward", "prefill", "decode step"};
  const char *const pass = row->input[TP_PLOT_pass];
  for (int i = 0; i < 4; i++) {
    const size_t n = strlen(names[i]);
    if (strncmp(pass, names[i], n) != 0 || pass[n] != ' ')
      continue;
    *name = names[i];
    *micro_batch = pass + n + 1;
    return true;
  }
  return false;
}

void tp_plot_first_micro_batch(struct tp_plot_rows *rows)
{
  const char *name, *micro_batch;
  long first = LONG_MAX;
  for (size_t i = 0; i < rows->n; i++)
    if (tp_plot_pass_read(&rows->items[i], &name, &micro_batch)) {
      const long number = strtol(micro_batch, NULL, 10);
      first = number < first ? number : first;
    }
  size_t n = 0;
  for (size_t i = 0; i < rows->n; i++)
    if (tp_plot_pass_read(&rows->items[i], &name, &micro_batch)
            ? strtol(micro_batch, NULL, 10) == first
            : strcmp(rows->items[i].input[TP_PLOT_pass], "update") != 0)
      rows->items[n++] = rows->items[i];
  rows->n = n;
}

size_t tp_plot_lane_of(struct tp_plot *plot, const char *name, struct tp_arena *arena)
{
  for (size_t i = 0; i < plot->n_y_names; i++)
    if (strcmp(plot->y_names[i], name) == 0)
      return i;
  TP_APPEND(arena, plot->y_names, plot->n_y_names, name);
  return plot->n_y_names - 1;
}
