/* What a lone GPU can tell of several: its streams in place of ranks, and stand-ins. */
#include "verify/op_cases.h"
#include "verify/peer_check.h"
#include "verify/selftest_line.h"

#include <math.h>

/* Those of our kernels that do the op. */
static bool does(enum tp_comm_way way, const struct tp_collective *collective)
{
  const bool is_low_bit = collective->wire.reduce_bits > 0;
  return collective->kind == TP_ALL_REDUCE && is_low_bit == (way == TP_COMM_FLASH);
}

/* False where this build has no such kernels. */
static bool check_peers(struct tp_selftest *selftest, const char *name,
                        const struct tp_peer_check *check)
{
  const struct tp_subject subject = {.name = name, .bound = check->bound, .may_be_refused = true};
  struct tp_finding finding = {.error = 0};
  if (!tp_selftest_wants(selftest, name))
    return true;
  finding.status = tp_peer_check_run(check, &finding.error, &finding.text);
  tp_selftest_tell(selftest, subject, &finding);
  return finding.status != TP_E_INPUT;
}

/* One case by every way that does it. */
static bool check_ways(struct tp_selftest *selftest, const struct tp_op_case *item,
                       struct tp_peer_check check, struct tp_arena *arena)
{
  static const enum tp_comm_way ways[] = {TP_COMM_ONE_SHOT, TP_COMM_TWO_SHOT, TP_COMM_FLASH};
  bool here = true;
  check.program = &item->program;
  check.bound = tp_op_case_bound(item);
  for (int i = 0; i < 3 && here; i++) {
    check.way = ways[i];
    if (does(check.way, &item->program.segments[0].ops[0].collective))
      here = check_peers(selftest,
                         tp_arena_printf(arena, "%s, %s, streams of one GPU", item->name,
                                         tp_comm_way_text(check.way)),
                         &check);
  }
  return here;
}

void tp_selftest_peers(struct tp_selftest *selftest, int device,
                       enum tp_status (*run)(int device, const struct tp_peer_trial *trial,
                                             struct tp_error *error))
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_peer_check check = {.seed = selftest->seed, .device = device, .run = run};
  bool here = true;
  for (int ranks = 2; ranks <= 4; ranks *= 2) {
    const struct tp_op_case *cases;
    const size_t n = tp_op_cases(arena, ranks, &cases);
    for (size_t i = 0; i < n && here; i++)
      here = check_ways(selftest, &cases[i], check, arena);
  }
  tp_arena_free(arena);
}

static void check_ratio(struct tp_selftest *selftest, const char *name, double ratio, double wanted)
{
  const struct tp_subject subject = {.name = name, .bound = 0.25};
  struct tp_finding finding = {.error = fabs(ratio / wanted - 1)};
  if (!tp_selftest_wants(selftest, name))
    return;
  /* "At least" as long, but for the resolution of either clock. */
  if (ratio < 0.999 * wanted || finding.error > subject.bound)
    finding.status = tp_fail(&finding.text, TP_E_CHECK,
                             "took %.3f times what one was to last, not %.0f", ratio, wanted);
  tp_selftest_tell(selftest, subject, &finding);
}

bool tp_selftest_standins(struct tp_selftest *selftest, const struct tp_standin_ratios *ratios)
{
  const bool at_once = ratios->apart < 1.75;
  static const char apart[] = "stand-ins on half of the SMs each, at once";
  check_ratio(selftest, "stand-ins one after another", ratios->last, 1);
  if (at_once) {
    check_ratio(selftest, apart, ratios->apart, 1);
    check_ratio(selftest, "stand-ins on an SM more each, in turn", ratios->close, 2);
  } else if (tp_selftest_wants(selftest, apart)) {
    const struct tp_subject subject = {.name = apart, .may_be_refused = true};
    struct tp_finding finding = {.error = 0};
    finding.status = tp_fail(&finding.text, TP_E_INPUT,
                             "nothing runs at once here; is a tool or another program in between?");
    tp_selftest_tell(selftest, subject, &finding);
  }
  return at_once;
}
