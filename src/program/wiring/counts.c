/* Which layers of a model a wiring's segments take. */
#include "program/wiring/wiring.h"

static int64_t number_of(const struct tp_wiring_segment *segment, int argument)
{
  return segment->by_argument ? argument : segment->count;
}

int64_t tp_wiring_group(const struct tp_wiring_segment *segment, int argument, int64_t count)
{
  if (segment->extent == TP_WIRING_EVERY)
    return number_of(segment, argument);
  return segment->extent == TP_WIRING_LEFT && segment->last.line > 0 ? count : 1;
}

int64_t tp_wiring_halves_from(const struct tp_wiring *wiring, int argument)
{
  const int said = wiring->halves_by_argument ? argument : wiring->halves_from;
  return said > 2 ? said : 2;
}

static enum tp_status check_argument(const struct tp_wiring *wiring, int argument,
                                     struct tp_error *error)
{
  if (wiring->argument == NULL || (argument >= wiring->least && argument <= wiring->most))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s: %s takes a number: write %s:%s with %s from %d to %d%s%s",
                 wiring->path, wiring->name, wiring->name, wiring->argument, wiring->argument,
                 wiring->least, wiring->most, wiring->counts[0] != '\0' ? ", " : "",
                 wiring->counts);
}

enum tp_status tp_wiring_counts(const struct tp_wiring *wiring, int argument, int64_t layers,
                                int64_t counts[TP_WIRING_MOST_SEGMENTS], struct tp_error *error)
{
  int64_t rest = layers;
  TP_TRY(check_argument(wiring, argument, error));
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *segment = &wiring->segments[i];
    const int64_t number = number_of(segment, argument);
    counts[i] = 0;
    if (segment->extent == TP_WIRING_LAYERS)
      counts[i] = number;
    else if (segment->extent == TP_WIRING_PERCENT)
      counts[i] = (layers * number + 50) / 100;
    if (counts[i] > rest && segment->extent == TP_WIRING_PERCENT)
      counts[i] = rest; /* halves of a layer, rounded up more than once */
    if (counts[i] > rest)
      return tp_fail(error, TP_E_INPUT, "%s:%d: takes %lld layers; of %lld are %lld left",
                     wiring->path, segment->line, (long long)counts[i], (long long)layers,
                     (long long)rest);
    rest -= counts[i];
  }
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *segment = &wiring->segments[i];
    const bool left = i + 1 < wiring->n_segments && segment[1].extent == TP_WIRING_LEFT;
    if (segment->extent == TP_WIRING_EVERY)
      counts[i] = left ? rest - rest % number_of(segment, argument) : rest;
    else if (segment->extent == TP_WIRING_REST || segment->extent == TP_WIRING_LEFT)
      counts[i] = rest;
    else
      continue;
    rest -= counts[i];
  }
  return TP_OK;
}
