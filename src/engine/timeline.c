#include "engine/timeline.h"

#include "base/json.h"

#include <stdbool.h>
#include <stdlib.h>

void tp_timeline_add(struct tp_timeline *timeline, struct tp_span span)
{
  span.start_s += timeline->offset_s;
  span.end_s += timeline->offset_s;
  TP_APPEND(timeline->arena, timeline->spans, timeline->n_spans, span);
}

static int compare(const void *left, const void *right)
{
  const struct tp_span *a = left, *b = right;
  if (a->rank != b->rank)
    return a->rank < b->rank ? -1 : 1;
  if (a->stream != b->stream)
    return a->stream < b->stream ? -1 : 1;
  if (a->start_s != b->start_s)
    return a->start_s < b->start_s ? -1 : 1;
  return (a->end_s > b->end_s) - (a->end_s < b->end_s);
}

/* "M" events name the process and the thread that the spans of (rank, stream) belong to. */
static void write_names(const struct tp_timeline *timeline, const struct tp_span *span, bool rank,
                        FILE *out)
{
  if (rank)
    fprintf(out,
            "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"tid\":0,"
            "\"args\":{\"name\":\"rank %d\"}},\n",
            span->rank, span->rank);
  fprintf(out, "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":",
          span->rank, span->stream);
  tp_json_put_text(timeline->stream_names[span->stream], out);
  fputs("}},\n", out);
}

void tp_timeline_write(struct tp_timeline *timeline, FILE *out)
{
  struct tp_span *spans = timeline->spans;
  if (timeline->n_spans > 0)
    qsort(spans, timeline->n_spans, sizeof *spans, compare);
  fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", out);
  for (size_t i = 0; i < timeline->n_spans; i++) {
    const bool rank = i == 0 || spans[i].rank != spans[i - 1].rank;
    if (rank || spans[i].stream != spans[i - 1].stream)
      write_names(timeline, &spans[i], rank, out);
    fputs("{\"ph\":\"X\",\"name\":", out);
    tp_json_put_text(spans[i].name, out);
    fputs(",\"cat\":", out);
    tp_json_put_text(spans[i].category, out);
    fprintf(out, ",\"pid\":%d,\"tid\":%d,\"ts\":%.6f,\"dur\":%.6f}%s\n", spans[i].rank,
            spans[i].stream, spans[i].start_s * 1e6, (spans[i].end_s - spans[i].start_s) * 1e6,
            i + 1 < timeline->n_spans ? "," : "");
  }
  fputs("]}\n", out);
}
