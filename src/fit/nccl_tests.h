#ifndef TP_FIT_NCCL_TESTS_H
#define TP_FIT_NCCL_TESTS_H
/* What nccl-tests and rccl-tests print or write, as people have it.
 *
 *     [1,0]<stdout>:#  Rank  0 Group  0 Pid  2814 on  node1 device  0 [0x1b] NVIDIA H100
 *     [1,0]<stdout>:#   size   count   type   redop   root   time   algbw   busbw  #wrong   time
 * ... [1,0]<stdout>:    1024     256  float     sum     -1  18.45    0.06    0.10       0  18.31
 * ...
 *
 * Columns are found by the header, or where it is gone by a time that agrees with size and algbw
 * (layouts until 2024 have no `root`, those until 2018 times in ms, as algbw tells).  A launcher's
 * or logger's prefix and what others print between are stepped over.  A log may hold several runs
 * of several collectives; each says its name ("./all_gather_perf") and its ranks.  Reports in CSV
 * and JSON hold the same by name.
 */
#include "base/csv.h"
#include "base/text.h"

#include <stdbool.h>

/* What the text leaves open. */
struct tp_nccl_tests_request {
  const char *op; /* the collective where the text names none, else the one to take; NULL: any */
  int ranks;      /* where the text does not say them; 0: it does */
  bool in_place;  /* take the times of the in-place runs */
};

/* Does the text look like this rather than like a table of ours? */
bool tp_nccl_tests_is(const char *text);

/* A table op,ranks,bytes,dtype,time_us,hosts,ranks_per_host,gpu (the last three as ops/placement.h
 * has them, empty where the text does not say) with the lines of `text`; what was left out or taken
 * otherwise than asked is a note.  Faults are TP_E_INPUT with FILE:LINE. */
enum tp_status tp_nccl_tests_parse(const char *file, const char *text,
                                   const struct tp_nccl_tests_request *request,
                                   struct tp_arena *arena, struct tp_csv *csv,
                                   struct tp_notes *notes, struct tp_error *error);
#endif
