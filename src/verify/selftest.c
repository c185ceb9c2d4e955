#include "verify/selftest.h"

#include "verify/computed.h"
#include "verify/matrix.h"
#include "verify/op_cases.h"
#include "verify/op_check.h"
#include "verify/selftest_line.h"

/* What not every device has: fp8 GEMMs, and fused attention in fp32. */
static bool is_rare(enum tp_dtype dtype, bool flash)
{
  return dtype == TP_DTYPE_FP8 || (dtype == TP_DTYPE_FP32 && flash);
}

static struct tp_subject subject_of_op(const struct tp_op_case *item)
{
  const struct tp_segment *segment = &item->program.segments[0];
  const struct tp_op *last = &segment->ops[segment->n_ops - 1];
  const bool flash = last->kind == TP_OP_ATTENTION && last->attention.style == TP_ATTENTION_FLASH;
  return (struct tp_subject){.name = item->name,
                             .bound = tp_op_case_bound(item),
                             .may_be_refused = is_rare(item->dtype, flash)};
}

static struct tp_subject subject_of_variant(const struct tp_selftest_case *item)
{
  const struct tp_request *request = &item->check.request;
  const bool flash = request->style.attention_prefill == TP_ATTENTION_FLASH ||
                     request->style.attention_decode == TP_ATTENTION_FLASH;
  return (struct tp_subject){.name = item->name,
                             .bound = tp_check_bound(&item->check),
                             .may_be_refused = is_rare(request->dtype, flash)};
}

/* No GPU has experts here. */
static struct tp_subject subject_of_device(const struct tp_selftest_case *item)
{
  struct tp_subject subject = subject_of_variant(item);
  subject.may_be_refused |= item->check.request.model->experts.count > 0;
  return subject;
}

/* The worst of all ranks: a fault before a refusal, the larger error of what passed. */
static bool is_worse(const struct tp_finding *a, const struct tp_finding *b)
{
  static const int badness[] = {
      [TP_OK] = 0, [TP_E_INPUT] = 1, [TP_E_CHECK] = 2, [TP_E_ENVIRONMENT] = 3};
  if (a->status != b->status)
    return badness[a->status] > badness[b->status];
  return a->error > b->error;
}

static enum tp_status agree(struct tp_team *group, struct tp_arena *arena,
                            struct tp_finding *finding, struct tp_error *error)
{
  const int ranks = tp_team_ranks(group);
  struct tp_finding *all = TP_NEW(arena, struct tp_finding, ranks);
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

/* A variant that no device computes is refused by all: that is no fault of this one. */
static void tell_variant(struct tp_selftest *selftest, struct tp_subject subject,
                         const struct tp_selftest_case *item, const struct tp_finding *finding,
                         struct tp_arena *arena)
{
  subject.may_be_refused |=
      finding->status == TP_E_INPUT && !tp_variant_is_computed(item->check.variant, arena);
  tp_selftest_tell(selftest, subject, finding);
}

static struct tp_finding check_variant(const struct tp_selftest_case *item,
                                       const struct tp_check_ranks *ranks, struct tp_arena *arena)
{
  struct tp_finding finding = {.error = 0};
  struct tp_check_programs programs;
  struct tp_check_result result = {.error = 0};
  finding.status = tp_check_build(&item->check, arena, &programs, &finding.text);
  if (finding.status == TP_OK)
    finding.status = tp_check_run(&item->check, ranks, &programs, &result, &finding.text);
  finding.error = result.error;
  return finding;
}

static struct tp_finding check_on_host(const struct tp_selftest_case *item, uint64_t seed,
                                       struct tp_arena *arena)
{
  const int tp = item->check.request.mesh.tp;
  struct tp_host *host =
      tp_host_create(&(struct tp_host_options){.ranks = tp, .seed = seed, .arithmetic = true});
  const struct tp_calls **calls = TP_NEW(arena, const struct tp_calls *, tp);
  for (int rank = 0; rank < tp; rank++)
    calls[rank] = tp_host_calls(host, rank);
  const struct tp_check_ranks ranks = {.n = tp, .calls = calls, .host = host};
  const struct tp_finding finding = check_variant(item, &ranks, arena);
  tp_host_free(host);
  return finding;
}

void tp_selftest_host(struct tp_selftest *selftest)
{
  struct tp_arena *list = tp_arena_create(), *arena = tp_arena_create();
  const struct tp_selftest_case *cases;
  const size_t n = tp_selftest_matrix_of(list, selftest->seed, choice_of(selftest), &cases);
  for (size_t i = 0; i < n; i++) {
    if (!tp_selftest_wants(selftest, cases[i].name))
      continue;
    const struct tp_finding finding = check_on_host(&cases[i], selftest->seed + i, arena);
    tell_variant(selftest, subject_of_variant(&cases[i]), &cases[i], &finding, arena);
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
    if (!tp_selftest_wants(selftest, cases[i].name))
      continue;
    const struct tp_subject subject = subject_of_op(&cases[i]);
    const struct tp_op_check check = {
        .program = &cases[i].program, .seed = selftest->seed + i, .bound = subject.bound};
    struct tp_finding finding = {.error = 0};
    finding.status = tp_op_check_run(&check, calls, &finding.error, &finding.text);
    status = agree(group, arena, &finding, error);
    if (status == TP_OK)
      tp_selftest_tell(selftest, subject, &finding);
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
    if (cases[i].check.request.mesh.tp != calls->ranks ||
        !tp_selftest_wants(selftest, cases[i].name))
      continue;
    struct tp_finding finding = check_variant(&cases[i], &ranks, arena);
    status = agree(group, arena, &finding, error);
    if (status == TP_OK)
      tell_variant(selftest, subject_of_device(&cases[i]), &cases[i], &finding, arena);
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
