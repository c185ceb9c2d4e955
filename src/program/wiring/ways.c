/* What may run after what: a body comes again, or behind another segment's that a model leaves
 * without layers. */
#include "program/wiring/reader.h"

static unsigned bit(int body)
{
  return 1u << body;
}

static int add_body(struct tp_wiring_reader *reader, const struct tp_wiring_body *body,
                    unsigned before)
{
  reader->bodies[reader->n_bodies] = body;
  reader->before[reader->n_bodies] = before;
  return reader->n_bodies++;
}

/* Whether a segment may have more layers than one (or groups), and a group more than one, two. */
static bool recurs(const struct tp_wiring_segment *segment)
{
  return segment->extent != TP_WIRING_LAYERS || segment->by_argument || segment->count > 1;
}

/* Adds the bodies of a segment, which come after those of `open`; returns what may run last. */
static unsigned add_segment(struct tp_wiring_reader *reader,
                            const struct tp_wiring_segment *segment, bool left_follows,
                            unsigned open)
{
  const int each = add_body(reader, &segment->each, open);
  if (segment->last.line == 0) {
    reader->before[each] |= recurs(segment) ? bit(each) : 0;
    return bit(each);
  }
  /* A group of one layer is its last: one that no other segment has, or of a count of one. */
  const bool alone = segment->by_argument || segment->extent == TP_WIRING_LEFT || !left_follows;
  const bool third =
      segment->by_argument || segment->extent == TP_WIRING_LEFT || segment->count > 2;
  const int last = add_body(reader, &segment->last, bit(each) | (alone ? open : 0));
  const bool groups = segment->extent == TP_WIRING_EVERY;
  reader->before[each] |= (third ? bit(each) : 0) | (groups ? bit(last) : 0);
  reader->before[last] |= groups && alone ? bit(last) : 0;
  return bit(last);
}

/* Whether a model may leave the segment without layers. */
static bool is_optional(const struct tp_wiring *wiring, const struct tp_wiring_segment *segment)
{
  return segment->extent != TP_WIRING_LAYERS && wiring->n_segments > 1;
}

void tp_wiring_ways(struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  reader->n_bodies = 0;
  reader->origin = 1;
  unsigned open = bit(add_body(reader, &wiring->before, 0));
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *segment = &wiring->segments[i];
    const bool left = i + 1 < wiring->n_segments && segment[1].extent == TP_WIRING_LEFT;
    const unsigned ends = add_segment(reader, segment, left, open);
    open = ends | (is_optional(wiring, segment) ? open : 0);
  }
  add_body(reader, &wiring->end, open & ~(unsigned)reader->origin); /* a model has layers */
}
