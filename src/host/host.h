#ifndef TP_HOST_HOST_H
#define TP_HOST_HOST_H
/* A device that is the CPU: all ranks of a program in one process.
 *
 * What is issued waits in its stream.  tp_host_run then does everything that is ready in a random
 * order that streams and events allow, across ranks: a missing wait shows as a wrong number for
 * some seed.  Arithmetic is in fp32 on values kept in the tensors' types.  A virtual clock gives
 * every op its cost on `machine`, a stream at a time and nothing slowed by anything else, unless it
 * is told that ops contend: marks and seconds read it.
 *
 *     rank 0  compute  qkv  attn  out |            wait  add
 *             comm                    wait all-reduce |
 *     rank 1  ...
 */
#include "cost/cost.h"
#include "run/beside.h"
#include "run/calls.h"

struct tp_host;

struct tp_host_options {
  int ranks;
  uint64_t seed;                    /* of the order */
  bool arithmetic;                  /* false: only order and clock; memory is not there */
  const struct tp_machine *machine; /* NULL: every op lasts a microsecond */
  /* A lone rank without arithmetic, on a machine: in the order of time, and what runs at once slows
   * each other as engine/engine.h has it. */
  bool contends;
  const struct tp_load *load; /* runs beside that, as it is when a run begins; NULL: nothing */
  bool logs;                  /* what was done is kept for tp_host_log */
};

struct tp_host *tp_host_create(const struct tp_host_options *options);
void tp_host_free(struct tp_host *host); /* NULL is fine */

/* The calls of a rank; they live as long as the host. */
const struct tp_calls *tp_host_calls(struct tp_host *host, int rank);

/* Does all that was issued so far on all ranks.  TP_E_CHECK where nothing is ready (a collective
 * that a rank lacks), where ranks disagree about a collective, or where an op reads what it cannot
 * (a token outside the vocabulary).  `read`, `finish` and `seconds` of a lone rank run by
 * themselves; with several, what is not done yet is an error. */
enum tp_status tp_host_run(struct tp_host *host, struct tp_error *error);

/* What was done, in the order it was done in; nothing where the host does not log. */
struct tp_host_done {
  const struct tp_op *op; /* the program's */
  int rank;
  double start_s, end_s; /* of the virtual clock */
};
size_t tp_host_log(const struct tp_host *host, const struct tp_host_done **done);
#endif
