/* A wiring's segments, and all of it. */
#include "program/wiring/reader.h"

enum { MOST_COUNT = 1000 };

/* Where the next statement goes. */
struct place {
  struct tp_wiring_body *body;
  struct tp_wiring_segment *segment; /* NULL: before all layers, or at the end */
};

/* N, N%, P, P% or rest, from word `at` on. */
static enum tp_status read_count(struct tp_wiring_reader *reader, int at, int most,
                                 struct tp_wiring_segment *segment)
{
  const char *const argument = reader->wiring->argument;
  segment->by_argument = argument != NULL && tp_wiring_is(reader, at, argument);
  if (!segment->by_argument)
    TP_TRY(tp_wiring_number(reader, reader->words[at], 0, most, &segment->count));
  if (segment->by_argument && reader->wiring->most > MOST_COUNT)
    return tp_wiring_fail(reader, reader->line, argument, "counts layers here, and goes up to %d",
                          reader->wiring->most);
  if (segment->by_argument || segment->count > 0)
    return TP_OK;
  return tp_wiring_fail(reader, reader->line, reader->words[at],
                        "a segment of no layers never runs; leave it out");
}

static enum tp_status read_extent(struct tp_wiring_reader *reader,
                                  struct tp_wiring_segment *segment)
{
  segment->line = segment->each.line = reader->line;
  if (tp_wiring_is(reader, 0, "left")) {
    segment->extent = TP_WIRING_LEFT;
    return tp_wiring_expect_end(reader, 1);
  }
  if (reader->n_words == 1)
    return tp_wiring_fail(reader, reader->line, reader->words[0],
                          "which layers? Write a number, N%%, or 'layers rest'");
  if (tp_wiring_is(reader, 0, "layers") && tp_wiring_is(reader, 1, "rest")) {
    segment->extent = TP_WIRING_REST;
    return tp_wiring_expect_end(reader, 2);
  }
  TP_TRY(read_count(reader, 1, MOST_COUNT, segment));
  if (tp_wiring_is(reader, 0, "every")) {
    segment->extent = TP_WIRING_EVERY;
    if (!tp_wiring_is(reader, 2, "layers"))
      return tp_wiring_fail(reader, reader->line, reader->words[2], "write 'every N layers'");
    return tp_wiring_expect_end(reader, 3);
  }
  segment->extent = tp_wiring_is(reader, 2, "%") ? TP_WIRING_PERCENT : TP_WIRING_LAYERS;
  if (segment->extent == TP_WIRING_PERCENT && segment->count > 100)
    return tp_wiring_fail(reader, reader->line, reader->words[1], "more than 100 %%");
  if (segment->extent == TP_WIRING_PERCENT && segment->by_argument && reader->wiring->most > 100)
    return tp_wiring_fail(reader, reader->line, reader->words[1],
                          "%s goes up to %d, and more than 100 %% there is not",
                          reader->wiring->argument, reader->wiring->most);
  return tp_wiring_expect_end(reader, segment->extent == TP_WIRING_PERCENT ? 3 : 2);
}

/* Whether the segments so far leave layers to `next`. */
static enum tp_status check_order(const struct tp_wiring_reader *reader,
                                  const struct tp_wiring_segment *next)
{
  const struct tp_wiring *wiring = reader->wiring;
  const struct tp_wiring_segment *before =
      wiring->n_segments > 0 ? &wiring->segments[wiring->n_segments - 1] : NULL;
  const bool takes_all = next->extent == TP_WIRING_REST || next->extent == TP_WIRING_EVERY;
  if (next->extent == TP_WIRING_LEFT && (before == NULL || before->extent != TP_WIRING_EVERY))
    return tp_wiring_fail(reader, next->line, "left",
                          "never runs: only 'every N layers' right before it leaves layers");
  if (next->extent == TP_WIRING_LEFT && !before->by_argument && before->count == 1)
    return tp_wiring_fail(reader, next->line, "left", "never runs: groups of one leave no layer");
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *one = &wiring->segments[i];
    const bool took_all = one->extent == TP_WIRING_REST || one->extent == TP_WIRING_EVERY;
    const bool hundred = one->extent == TP_WIRING_PERCENT && one->count == 100;
    if ((took_all && (takes_all || next->extent == TP_WIRING_PERCENT)) || hundred)
      return tp_wiring_fail(reader, next->line, reader->words[0],
                            "never runs: line %d takes all layers that are left", one->line);
  }
  return TP_OK;
}

static enum tp_status open_segment(struct tp_wiring_reader *reader, struct place *place)
{
  struct tp_wiring *wiring = reader->wiring;
  struct tp_wiring_segment segment = {.line = reader->line};
  TP_TRY(read_extent(reader, &segment));
  TP_TRY(check_order(reader, &segment));
  if (wiring->n_segments == TP_WIRING_MOST_SEGMENTS)
    return tp_wiring_fail(reader, reader->line, reader->words[0], "more than %d segments",
                          (int)TP_WIRING_MOST_SEGMENTS);
  place->segment = &wiring->segments[wiring->n_segments++];
  *place->segment = segment;
  place->body = &place->segment->each;
  place->body->first = wiring->n_statements;
  return TP_OK;
}

static enum tp_status open_last(struct tp_wiring_reader *reader, struct place *place)
{
  struct tp_wiring_segment *segment = place->segment;
  TP_TRY(tp_wiring_expect_end(reader, 1));
  if (segment == NULL || (segment->extent != TP_WIRING_EVERY && segment->extent != TP_WIRING_LEFT))
    return tp_wiring_fail(reader, reader->line, "last",
                          "only 'every N layers' and 'left' have a last layer of their own");
  if (segment->last.line > 0)
    return tp_wiring_fail(reader, reader->line, "last", "line %d has this group's last layer",
                          segment->last.line);
  if (segment->extent == TP_WIRING_EVERY && !segment->by_argument && segment->count == 1)
    return tp_wiring_fail(reader, segment->line, NULL,
                          "a group of one layer is its last: what stands before 'last' never runs");
  segment->last =
      (struct tp_wiring_body){.first = reader->wiring->n_statements, .line = reader->line};
  place->body = &segment->last;
  return TP_OK;
}

/* The body that ends here has what every layer has. */
static enum tp_status close(const struct tp_wiring_reader *reader, const struct place *place)
{
  if (place->segment == NULL)
    return TP_OK;
  return tp_wiring_check_modules(reader, place->body);
}

static enum tp_status read_body_line(struct tp_wiring_reader *reader, struct place *place)
{
  struct tp_wiring *wiring = reader->wiring;
  const bool opens = tp_wiring_is(reader, 0, "layers") || tp_wiring_is(reader, 0, "every") ||
                     tp_wiring_is(reader, 0, "left");
  const bool last = tp_wiring_is(reader, 0, "last"), end = tp_wiring_is(reader, 0, "end");
  if (!opens && !last && !end)
    return tp_wiring_statement(reader, place->body, place->segment != NULL);
  if (place->body == &wiring->end)
    return tp_wiring_fail(reader, reader->line, reader->words[0],
                          "never runs: line %d has ended the layers", wiring->end.line);
  TP_TRY(close(reader, place));
  if (opens)
    return open_segment(reader, place);
  if (last)
    return open_last(reader, place);
  wiring->end = (struct tp_wiring_body){.first = wiring->n_statements, .line = reader->line};
  *place = (struct place){.body = &wiring->end};
  return tp_wiring_expect_end(reader, 1);
}

/* Which tokens a rank works on. */
static enum tp_status check_rows(const struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  if (!wiring->splits && wiring->halves > 0)
    return tp_wiring_fail(reader, wiring->halves, "halves",
                          "no @split makes any; leave the line out");
  if (wiring->splits && wiring->shared_out > 0)
    return tp_wiring_fail(reader, wiring->shared_out, "tokens shared out",
                          "halves are of all tokens; keep one of the two");
  if (wiring->shared_out > 0 && (wiring->own || wiring->apart))
    return tp_wiring_fail(reader, wiring->shared_out, "tokens shared out",
                          "ranks that differ in more than their tokens gather nothing; leave out "
                          "'%s'",
                          wiring->own ? "own blocks" : "ranks apart");
  for (int s = 0; s < wiring->n_statements; s++) {
    const enum tp_wiring_verb verb = wiring->statements[s].verb;
    if (wiring->splits && (verb == TP_WIRING_SCATTER || verb == TP_WIRING_GATHER))
      return tp_wiring_fail(reader, wiring->statements[s].line,
                            verb == TP_WIRING_SCATTER ? "scatter" : "gather",
                            "shares are of all tokens, and @split has halves; write ~sum");
  }
  return TP_OK;
}

/* All layers are somebody's, and the argument is somewhere. */
static enum tp_status check_whole(const struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  bool rest = false, used = wiring->halves_by_argument;
  for (int i = 0; i < wiring->n_segments; i++) {
    const struct tp_wiring_segment *segment = &wiring->segments[i];
    rest |= segment->extent == TP_WIRING_REST || segment->extent == TP_WIRING_EVERY;
    rest |= segment->extent == TP_WIRING_PERCENT && segment->count == 100;
    used |= segment->by_argument;
    if (segment->extent == TP_WIRING_EVERY && segment->last.line == 0)
      return tp_wiring_fail(reader, segment->line, "every",
                            "all layers of a group are alike; write 'layers rest', or say behind a "
                            "line 'last' what its last layer does");
  }
  if (wiring->end.line == 0)
    return tp_wiring_fail(reader, reader->line, NULL,
                          "no line 'end': behind it stands what follows the layers, 'head n' last");
  if (!rest)
    return tp_wiring_fail(reader, wiring->end.line, "end",
                          "no segment takes the other layers; add 'layers rest'");
  if (wiring->argument != NULL && wiring->most == 0)
    return tp_wiring_fail(reader, 1, wiring->argument, "has no range; add a line '%s from 1 to N'",
                          wiring->argument);
  if (wiring->argument != NULL && !used)
    return tp_wiring_fail(reader, 1, wiring->argument, "no segment counts with it; leave it out");
  if (wiring->summary == NULL)
    return tp_wiring_fail(reader, 1, wiring->name,
                          "has no summary; add a line 'summary WHAT IT IS'");
  if (wiring->own && wiring->apart)
    return tp_wiring_fail(reader, 1, wiring->name,
                          "own blocks that stay apart are another model; keep one of the two");
  return check_rows(reader);
}

static enum tp_status read_lines(struct tp_wiring_reader *reader)
{
  struct tp_wiring *wiring = reader->wiring;
  struct place place = {.body = &wiring->before};
  bool any, head = true;
  TP_TRY(tp_wiring_next_line(reader, &any));
  if (!any)
    return tp_wiring_fail(reader, 1, NULL, "an empty file; the first line is 'architecture NAME'");
  TP_TRY(tp_wiring_title(reader));
  while (any) {
    TP_TRY(tp_wiring_next_line(reader, &any));
    bool taken = false;
    if (any && head)
      TP_TRY(tp_wiring_head(reader, &taken));
    head = taken;
    if (any && !taken)
      TP_TRY(read_body_line(reader, &place));
  }
  TP_TRY(close(reader, &place));
  return check_whole(reader);
}

enum tp_status tp_wiring_read(const char *text, const char *path, struct tp_arena *arena,
                              const struct tp_wiring **wiring, struct tp_error *error)
{
  struct tp_wiring *read = TP_NEW(arena, struct tp_wiring, 1);
  *read = (struct tp_wiring){.path = tp_arena_strdup(arena, path),
                             .text = text,
                             .n_values = 1,
                             .values = {"x"},
                             .normed = -1,
                             .attention_out = -1,
                             .mlp_out = -1};
  struct tp_wiring_reader reader = {
      .arena = arena, .error = error, .wiring = read, .behind = text, .rest = ""};
  TP_TRY(read_lines(&reader));
  TP_TRY(tp_wiring_flow(&reader));
  TP_TRY(tp_wiring_meaning(&reader));
  TP_TRY(tp_wiring_name(&reader));
  if (read->equation == NULL)
    read->equation = tp_wiring_equation(read, arena);
  *wiring = read;
  return TP_OK;
}
