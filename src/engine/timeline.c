#include "engine/timeline.h"

#include "base/json.h"
#include "program/op_fields.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { PASSES = TP_MAX_STREAMS }; /* the thread that shows them */

void tp_timeline_add(struct tp_timeline *timeline, struct tp_span span)
{
  span.start_s += timeline->offset_s;
  span.end_s += timeline->offset_s;
  span.point = timeline->point;
  span.pass = timeline->pass;
  TP_APPEND(timeline->arena, timeline->spans, timeline->n_spans, span);
}

void tp_timeline_add_op(struct tp_timeline *timeline, const struct tp_op *op,
                        const struct tp_cost *cost, struct tp_span span)
{
  char text[256];
  tp_op_text(op, text, sizeof text);
  span.name = tp_arena_strdup(timeline->arena, op->name);
  span.category = tp_op_kind_text(op->kind);
  span.detail = tp_arena_strdup(timeline->arena, text);
  span.flops = cost->flops;
  span.dram_bytes = cost->dram_bytes;
  span.link_bytes = cost->link_bytes;
  span.sms = cost->sm_share * timeline->sm_count;
  tp_timeline_add(timeline, span);
}

static int compare(const void *left, const void *right)
{
  const struct tp_span *a = left, *b = right;
  if (a->point != b->point)
    return a->point < b->point ? -1 : 1;
  if (a->rank != b->rank)
    return a->rank < b->rank ? -1 : 1;
  if (a->stream != b->stream)
    return a->stream < b->stream ? -1 : 1;
  if (a->start_s != b->start_s)
    return a->start_s < b->start_s ? -1 : 1;
  return (a->end_s > b->end_s) - (a->end_s < b->end_s);
}

void tp_timeline_sort(struct tp_timeline *timeline)
{
  if (timeline->n_spans > 0)
    qsort(timeline->spans, timeline->n_spans, sizeof *timeline->spans, compare);
}

static bool same_process(const struct tp_span *a, const struct tp_span *b)
{
  return a->point == b->point && a->rank == b->rank;
}

/* An "M" event says what the process or one of its threads is called. */
static void put_name(const char *what, int process, int thread, const char *name, FILE *out)
{
  fprintf(out, "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":", what,
          process, thread);
  tp_json_put_text(name, out);
  fputs("}},\n", out);
}

/* An "X" event is what lasts; its end stays open for arguments. */
static void put_event(const char *name, const char *category, int process, int thread,
                      double start_s, double end_s, FILE *out)
{
  fputs("{\"ph\":\"X\",\"name\":", out);
  tp_json_put_text(name, out);
  fputs(",\"cat\":", out);
  tp_json_put_text(category, out);
  fprintf(out, ",\"pid\":%d,\"tid\":%d,\"ts\":%.6f,\"dur\":%.6f", process, thread, start_s * 1e6,
          (end_s - start_s) * 1e6);
}

/* One event a pass of the `n` spans, which are a process's. */
static void put_passes(const struct tp_span *spans, size_t n, int process, FILE *out)
{
  const char *done = NULL; /* passes go one after another */
  for (size_t first = 0; first < n; first++) {
    const char *const pass = spans[first].pass;
    if (pass == NULL || spans[first].stream != spans[0].stream || pass == done)
      continue;
    double start_s = spans[first].start_s, end_s = spans[first].end_s;
    for (size_t i = 0; i < n; i++)
      if (spans[i].pass == pass) {
        start_s = fmin(start_s, spans[i].start_s);
        end_s = fmax(end_s, spans[i].end_s);
      }
    if (done == NULL)
      put_name("thread_name", process, PASSES, "passes", out);
    put_event(pass, "pass", process, PASSES, start_s, end_s, out);
    fputs("},\n", out);
    done = pass;
  }
}

static void put_process(const struct tp_timeline *timeline, const struct tp_span *spans, size_t n,
                        int process, FILE *out)
{
  const struct tp_span *const first = &spans[0];
  put_name("process_name", process, 0,
           timeline->points == NULL ? tp_arena_printf(timeline->arena, "rank %d", first->rank)
                                    : tp_arena_printf(timeline->arena, "%s, rank %d",
                                                      timeline->points[first->point], first->rank),
           out);
  put_passes(spans, n, process, out);
}

static void put_span(const struct tp_span *span, int process, FILE *out)
{
  put_event(span->name, span->category, process, span->stream, span->start_s, span->end_s, out);
  if (span->detail != NULL) {
    fputs(",\"args\":{\"op\":", out);
    tp_json_put_text(span->detail, out);
    fprintf(out, ",\"flops\":%.9g,\"dram_bytes\":%.9g,\"link_bytes\":%.9g,\"SMs\":%.4g}",
            span->flops, span->dram_bytes, span->link_bytes, span->sms);
  }
  putc('}', out);
}

void tp_timeline_write(struct tp_timeline *timeline, FILE *out)
{
  tp_timeline_sort(timeline);
  const struct tp_span *const spans = timeline->spans;
  const size_t n = timeline->n_spans;
  int process = -1;
  fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", out);
  for (size_t i = 0; i < n; i++) {
    const bool begins = i == 0 || !same_process(&spans[i], &spans[i - 1]);
    if (begins) {
      size_t end = i;
      while (end < n && same_process(&spans[end], &spans[i]))
        end++;
      put_process(timeline, &spans[i], end - i, ++process, out);
    }
    if (begins || spans[i].stream != spans[i - 1].stream)
      put_name("thread_name", process, spans[i].stream, timeline->stream_names[spans[i].stream],
               out);
    put_span(&spans[i], process, out);
    fputs(i + 1 < n ? ",\n" : "\n", out);
  }
  fputs("]}\n", out);
}
