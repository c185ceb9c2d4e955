#include "predict/workload.h"

#include <string.h>

enum {
  RECOMPUTE = 1,
  SEQUENCE_PARALLEL = 2,
  ASYNC_REDUCE = 4,
  SELECTIVE_RECOMPUTE = 8,
  N_PARTS = 4
};

static const char *const parts[N_PARTS] = {"recompute", "sequence-parallel", "async-reduce",
                                           "selective-recompute"};

static unsigned flags_of(const struct tp_training *training)
{
  return (training->recompute ? RECOMPUTE : 0u) |
         (training->sequence_parallel ? SEQUENCE_PARALLEL : 0u) |
         (training->async_reduce ? ASYNC_REDUCE : 0u) |
         (training->selective_recompute ? SELECTIVE_RECOMPUTE : 0u);
}

static bool is_word(const char *text, size_t length, const char *word)
{
  return strlen(word) == length && strncmp(text, word, length) == 0;
}

static enum tp_status refuse(const char *text, struct tp_error *error)
{
  return tp_fail(
      error, TP_E_INPUT,
      "no phase '%.64s'; inference, "
      "train[+recompute|+selective-recompute][+sequence-parallel][+async-reduce], no part "
      "twice, or a sub-layer: op, fc-2, fc-1, ip",
      text);
}

enum tp_status tp_workload_parse(const char *text, struct tp_workload *workload,
                                 struct tp_error *error)
{
  *workload = (struct tp_workload){.train = false};
  if (strcmp(text, "inference") == 0)
    return TP_OK;
  for (int which = 0; which < TP_N_SUBLAYERS; which++)
    if (strcmp(text, tp_sublayer_text((enum tp_sublayer)which)) == 0) {
      workload->alone = true;
      workload->sublayer = (enum tp_sublayer)which;
      return TP_OK;
    }
  const char *rest = text + strcspn(text, "+");
  if (!is_word(text, (size_t)(rest - text), "train"))
    return refuse(text, error);
  unsigned flags = 0;
  while (*rest == '+') {
    rest++;
    const size_t length = strcspn(rest, "+");
    int part = 0;
    while (part < N_PARTS && !is_word(rest, length, parts[part]))
      part++;
    if (part == N_PARTS || flags & 1u << part)
      return refuse(text, error);
    flags |= 1u << part;
    rest += length;
  }
  if (flags & RECOMPUTE && flags & SELECTIVE_RECOMPUTE)
    return refuse(text, error);
  workload->train = true;
  workload->training = (struct tp_training){.recompute = flags & RECOMPUTE,
                                            .sequence_parallel = flags & SEQUENCE_PARALLEL,
                                            .selective_recompute = flags & SELECTIVE_RECOMPUTE,
                                            .async_reduce = flags & ASYNC_REDUCE};
  return TP_OK;
}

const char *tp_workload_text(const struct tp_workload *workload)
{
  static const char *const texts[] = {
      "train",
      "train+recompute",
      "train+sequence-parallel",
      "train+recompute+sequence-parallel",
      "train+async-reduce",
      "train+recompute+async-reduce",
      "train+sequence-parallel+async-reduce",
      "train+recompute+sequence-parallel+async-reduce",
      "train+selective-recompute",
      NULL, /* two recomputations */
      "train+selective-recompute+sequence-parallel",
      NULL,
      "train+selective-recompute+async-reduce",
      NULL,
      "train+selective-recompute+sequence-parallel+async-reduce",
      NULL,
  };
  if (workload->alone)
    return tp_sublayer_text(workload->sublayer);
  return workload->train ? texts[flags_of(&workload->training)] : "inference";
}

bool tp_workload_same(const struct tp_workload *a, const struct tp_workload *b)
{
  return tp_workload_text(a) == tp_workload_text(b);
}
