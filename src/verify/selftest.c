#include "verify/selftest.h"

#include "verify/matrix.h"
#include "verify/op_cases.h"
#include "verify/op_check.h"

#include <math.h>
#include <string.h>

/* What one rank found. */
struct finding {
  enum tp_status status;
  double error;
  struct tp_error text;
};

static bool is_wanted(const struct tp_selftest *selftest, const char *name)
{
  return selftest->only == NULL || strstr(name, selftest->only) != NULL;
}

/* What is checked. */
struct subject {
  const char *name;
  double bound;
  bool may_be_refused; /* else refusing it is a fault */
};

/* What not every device has: fp8 GEMMs, and fused attention in fp32. */
static bool is_rare(enum tp_dtype dtype, bool flash)
{
  return dtype == TP_DTYPE_FP8 || (dtype == TP_DTYPE_FP32 && flash);
}

/* Both devices round the same numbers, to neighbours at most; in fp8 a neighbour is 1/8 away, and
 * tensor cores add up products of it in fewer bits.  Sums over a low-bit wire may fall on another
 * code now and then: half of what the wire loses. */
static double op_bound(const struct tp_op_case *item)
{
  const struct tp_op *op = &item->program.segments[0].ops[0];
  if (op->kind == TP_OP_COLLECTIVE && op->collective.wire.reduce_bits > 0)
    return tp_check_wire_error(&op->collective.wire) / 2;
  switch (item->dtype) {
  case TP_DTYPE_FP16:
    return 0x1p-10;
  case TP_DTYPE_BF16:
    return 0x1p-7;
  case TP_DTYPE_FP8:
    return 0x1p-4;
  default:
    break;
  }
  return 1e-5;
}

static struct subject subject_of_op(const struct tp_op_case *item)
{
  const struct tp_segment *segment = &item->program.segments[0];
  const struct tp_op *last = &segment->ops[segment->n_ops - 1];
  const bool flash = last->kind == TP_OP_ATTENTION && last->attention.style == TP_ATTENTION_FLASH;
  return (struct subject){
      .name = item->name, .bound = op_bound(item), .may_be_refused = is_rare(item->dtype, flash)};
}

static struct subject subject_of_variant(const struct tp_selftest_case *item)
{
  const struct tp_request *request = &item->check.request;
  const bool flash = request->style.attention_prefill == TP_ATTENTION_FLASH ||
                     request->style.attention_decode == TP_ATTENTION_FLASH;
  return (struct subject){.name = item->name,
                          .bound = tp_check_bound(&item->check),
                          .may_be_refused = is_rare(request->dtype, flash)};
}

/* No GPU has experts here. */
static struct subject subject_of_device(const struct tp_selftest_case *item)
{
  struct subject subject = subject_of_variant(item);
  subject.may_be_refused |= item->check.request.model->experts.count > 0;
  return subject;
}

static void report(struct tp_selftest *selftest, struct subject subject,
                   const struct finding *finding)
{
  struct tp_selftest_line line = {.name = subject.name,
                                  .outcome = TP_SELFTEST_FAILED,
                                  .error = finding->error,
                                  .bound = subject.bound,
                                  .why = finding->text.text};
  if (finding->status == TP_OK)
    line.outcome = TP_SELFTEST_PASSED;
  else if (finding->status == TP_E_INPUT && subject.may_be_refused)
    line.outcome = TP_SELFTEST_SKIPPED;
  selftest->passed += line.outcome == TP_SELFTEST_PASSED;
  selftest->failed += line.outcome == TP_SELFTEST_FAILED;
  selftest->skipped += line.outcome == TP_SELFTEST_SKIPPED;
  selftest->report(selftest->data, &line);
}

/* The worst of all ranks: a fault before a refusal, the larger error of what passed. */
static bool is_worse(const struct finding *a, const struct finding *b)
{
  static const int badness[] = {
      [TP_OK] = 0, [TP_E_INPUT] = 1, [TP_E_CHECK] = 2, [TP_E_ENVIRONMENT] = 3};
  if (a->status != b->status)
    return badness[a->status] > badness[b->status];
  return a->error > b->error;
}

static enum tp_status agree(struct tp_team *group, struct tp_arena *arena, struct finding *finding,
                            struct tp_error *error)
{
  const int ranks = tp_team_ranks(group);
  struct finding *all = TP_NEW(arena, struct finding, ranks);
  TP_TRY(tp_team_gather(group, finding, sizeof *finding, all, error));
  *finding = all[0];
  for (int i = 1; i < ranks; i++)
    if (is_worse(&all[i], finding))
      *finding = all[i];
  return TP_OK;
}

static struct tp_selftest_choice choice_of(const struct tp_selftest *selftest)
{
  return (struct tp_selftest_choice){
      .variants = selftest->variants, .n = selftest->n_variants, .against = selftest->against};
}

static struct finding check_variant(const struct tp_selftest_case *item,
                                    const struct tp_check_ranks *ranks, struct tp_arena *arena)
{
  struct finding finding = {.error = 0};
  struct tp_check_programs programs;
  struct tp_check_result result = {.error = 0};
  finding.status = tp_check_build(&item->check, arena, &programs, &finding.text);
  if (finding.status == TP_OK)
    finding.status = tp_check_run(&item->check, ranks, &programs, &result, &finding.text);
  finding.error = result.error;
  return finding;
}

static struct finding check_on_host(const struct tp_selftest_case *item, uint64_t seed,
                                    struct tp_arena *arena)
{
  const int tp = item->check.request.mesh.tp;
  struct tp_host *host =
      tp_host_create(&(struct tp_host_options){.ranks = tp, .seed = seed, .arithmetic = true});
  const struct tp_calls **calls = TP_NEW(arena, const struct tp_calls *, tp);
  for (int rank = 0; rank < tp; rank++)
    calls[rank] = tp_host_calls(host, rank);
  const struct tp_check_ranks ranks = {.n = tp, .calls = calls, .host = host};
  const struct finding finding = check_variant(item, &ranks, arena);
  tp_host_free(host);
  return finding;
}

void tp_selftest_host(struct tp_selftest *selftest)
{
  struct tp_arena *list = tp_arena_create(), *arena = tp_arena_create();
  const struct tp_selftest_case *cases;
  const size_t n = tp_selftest_matrix_of(list, selftest->seed, choice_of(selftest), &cases);
  for (size_t i = 0; i < n; i++) {
    if (!is_wanted(selftest, cases[i].name))
      continue;
    const struct finding finding = check_on_host(&cases[i], selftest->seed + i, arena);
    report(selftest, subject_of_variant(&cases[i]), &finding);
    tp_arena_reset(arena);
  }
  tp_arena_free(arena);
  tp_arena_free(list);
}

static enum tp_status check_ops(struct tp_selftest *selftest, const struct tp_calls *calls,
                                struct tp_team *group, struct tp_error *error)
{
  struct tp_arena *list = tp_arena_create(), *arena = tp_arena_create();
  const struct tp_op_case *cases;
  const size_t n = tp_op_cases(list, calls->ranks, &cases);
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    if (!is_wanted(selftest, cases[i].name))
      continue;
    const struct subject subject = subject_of_op(&cases[i]);
    const struct tp_op_check check = {
        .program = &cases[i].program, .seed = selftest->seed + i, .bound = subject.bound};
    struct finding finding = {.error = 0};
    finding.status = tp_op_check_run(&check, calls, &finding.error, &finding.text);
    status = agree(group, arena, &finding, error);
    if (status == TP_OK)
      report(selftest, subject, &finding);
    tp_arena_reset(arena);
  }
  tp_arena_free(arena);
  tp_arena_free(list);
  return status;
}

static enum tp_status check_variants(struct tp_selftest *selftest, const struct tp_calls *calls,
                                     struct tp_team *group, struct tp_error *error)
{
  struct tp_arena *list = tp_arena_create(), *arena = tp_arena_create();
  const struct tp_selftest_case *cases;
  const size_t n = tp_selftest_matrix_of(list, selftest->seed, choice_of(selftest), &cases);
  const struct tp_check_ranks ranks = {.n = 1, .calls = &calls};
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n && status == TP_OK; i++) {
    if (cases[i].check.request.mesh.tp != calls->ranks || !is_wanted(selftest, cases[i].name))
      continue;
    struct finding finding = check_variant(&cases[i], &ranks, arena);
    status = agree(group, arena, &finding, error);
    if (status == TP_OK)
      report(selftest, subject_of_device(&cases[i]), &finding);
    tp_arena_reset(arena);
  }
  tp_arena_free(arena);
  tp_arena_free(list);
  return status;
}

enum tp_status tp_selftest_device(struct tp_selftest *selftest, const struct tp_calls *calls,
                                  struct tp_team *group, struct tp_error *error)
{
  if (selftest->n_variants == 0)
    TP_TRY(check_ops(selftest, calls, group, error));
  return check_variants(selftest, calls, group, error);
}

static void check_ratio(struct tp_selftest *selftest, const char *name, double ratio, double wanted)
{
  const struct subject subject = {.name = name, .bound = 0.25};
  struct finding finding = {.error = fabs(ratio / wanted - 1)};
  if (!is_wanted(selftest, name))
    return;
  /* "At least" as long, but for the resolution of either clock. */
  if (ratio < 0.999 * wanted || finding.error > subject.bound)
    finding.status = tp_fail(&finding.text, TP_E_CHECK,
                             "took %.3f times what one was to last, not %.0f", ratio, wanted);
  report(selftest, subject, &finding);
}

void tp_selftest_standins(struct tp_selftest *selftest, const struct tp_standin_ratios *ratios)
{
  static const char apart[] = "stand-ins on half of the SMs each, at once";
  check_ratio(selftest, "stand-ins one after another", ratios->last, 1);
  if (ratios->apart < 1.75) {
    check_ratio(selftest, apart, ratios->apart, 1);
    check_ratio(selftest, "stand-ins on an SM more each, in turn", ratios->close, 2);
  } else if (is_wanted(selftest, apart)) {
    const struct subject subject = {.name = apart, .may_be_refused = true};
    struct finding finding = {.error = 0};
    finding.status = tp_fail(&finding.text, TP_E_INPUT,
                             "nothing runs at once here; is a tool or another program in between?");
    report(selftest, subject, &finding);
  }
}
