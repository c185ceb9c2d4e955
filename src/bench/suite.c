#include "bench/suite.h"

static const struct {
  const char *text;
  double share;
} sections[TP_N_SECTIONS] = {
#define X(name, text, share, summary) {text, share},
    TP_SECTIONS(X)
#undef X
};

const char *tp_section_text(enum tp_section section)
{
  return sections[section].text;
}

double tp_section_budget_s(enum tp_section section, double left_s)
{
  double shares = 0;
  for (int i = (int)section; i < TP_N_SECTIONS; i++)
    shares += sections[i].share;
  return left_s * sections[section].share / shares;
}

/* What a listener hears of one file. */
struct told {
  const struct tp_suite *suite;
  struct tp_error refused; /* text "": none */
};

static double now_s(void *data)
{
  const struct told *told = data;
  return told->suite->now_s(told->suite->data);
}

static void progress(void *data, size_t done, size_t n, const char *refused)
{
  struct told *told = data;
  const struct tp_suite_listener *listener = told->suite->listener;
  (void)n;
  if (refused != NULL)
    tp_fail(&told->refused, TP_E_INPUT, "%s", refused);
  if (listener != NULL)
    listener->step(listener->data, done);
}

static bool writes(const struct tp_team *group)
{
  return group == NULL || tp_team_rank(group) == 0;
}

/* How a file's rows are measured. */
struct pace {
  double most_s; /* of one row: more samples tell nothing new */
  int warm_ups;
};
static const struct pace brisk = {1.5, 3}, steady = {10, 0};

static enum tp_status run_plan(const struct tp_suite *suite, const struct tp_agenda *plan,
                               const struct pace *pace, double budget_s, struct tp_error *error)
{
  const struct tp_suite_listener *listener = suite->listener;
  struct told told = {.suite = suite};
  struct tp_agenda_run run = {.plan = plan,
                              .group = suite->rig->group,
                              .budget_s = budget_s,
                              .most_s = pace->most_s,
                              .warm_ups = pace->warm_ups,
                              .now_s = now_s,
                              .progress = progress,
                              .data = &told};
  enum tp_status status = TP_OK;
  if (writes(run.group))
    status = tp_trace_open(suite->source, plan->layout, &run.trace, error);
  enum tp_status agreed = status;
  if (tp_bench_agree(run.group, &agreed, sizeof agreed, error) != TP_OK || agreed != TP_OK)
    return agreed;
  if (listener != NULL)
    listener->begin(listener->data, plan->layout->file, plan->n);
  status = tp_agenda_measure(&run, error);
  const enum tp_status closed = tp_trace_close(run.trace, status == TP_OK ? error : NULL);
  if (listener != NULL)
    listener->end(listener->data, plan->layout->file, &run,
                  told.refused.text[0] != '\0' ? told.refused.text : NULL);
  return status != TP_OK ? status : closed;
}

/* What GEMMs leave goes to the others.  Steady load comes last: it leaves the GPU hot. */
static enum tp_status run_ops(const struct tp_suite *suite, struct tp_arena *arena, double budget_s,
                              struct tp_error *error)
{
  static const struct {
    enum tp_status (*make)(struct tp_rig *rig, const struct tp_shapes *shapes,
                           struct tp_arena *arena, struct tp_agenda *plan, struct tp_error *error);
    double share; /* of what is left */
  } plans[] = {{tp_agenda_gemms, 0.45}, {tp_agenda_attentions, 0.68}, {tp_agenda_memory, 0.5}};
  struct tp_shapes shapes;
  const double end_s = suite->now_s(suite->data) + budget_s;
  tp_shapes_collect(&suite->shapes, arena, &shapes);
  for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
    struct tp_agenda plan;
    TP_TRY(plans[i].make(suite->rig, &shapes, arena, &plan, error));
    TP_TRY(run_plan(suite, &plan, &brisk, plans[i].share * (end_s - suite->now_s(suite->data)),
                    error));
  }
  struct tp_agenda plan;
  TP_TRY(tp_agenda_sustained(suite->rig, suite->rest, arena, &plan, error));
  return run_plan(suite, &plan, &steady, end_s - suite->now_s(suite->data), error);
}

/* Crossings first: their few rows are soon there. */
static enum tp_status run_interference(const struct tp_suite *suite, struct tp_arena *arena,
                                       double budget_s, struct tp_error *error)
{
  const double end_s = suite->now_s(suite->data) + budget_s;
  struct tp_agenda plan;
  TP_TRY(tp_agenda_crossings(suite->rig, arena, &plan, error));
  TP_TRY(run_plan(suite, &plan, &brisk, budget_s / 10, error));
  TP_TRY(tp_agenda_interference(suite->rig, suite->beside, arena, &plan, error));
  return run_plan(suite, &plan, &brisk, end_s - suite->now_s(suite->data), error);
}

static enum tp_status run_section(const struct tp_suite *suite, enum tp_section section,
                                  struct tp_arena *arena, double budget_s, struct tp_error *error)
{
  struct tp_agenda plan;
  suite->rig->sustained = section == TP_SECTION_LAYERS || section == TP_SECTION_GENERATE;
  switch (section) {
  case TP_SECTION_OPS:
    return run_ops(suite, arena, budget_s, error);
  case TP_SECTION_COLLECTIVES:
    TP_TRY(tp_agenda_collectives(suite->rig, suite->ranks, arena, &plan, error));
    break;
  case TP_SECTION_INTERFERENCE:
    return run_interference(suite, arena, budget_s, error);
  case TP_SECTION_LAYERS:
    TP_TRY(tp_agenda_points(suite->rig, &suite->layers, arena, &plan, error));
    break;
  case TP_SECTION_GENERATE:
    TP_TRY(tp_agenda_points(suite->rig, &suite->generate, arena, &plan, error));
    break;
  case TP_N_SECTIONS:
    return TP_OK;
  }
  return run_plan(suite, &plan, &brisk, budget_s, error);
}

enum tp_status tp_suite_run(const struct tp_suite *suite, enum tp_section section, double budget_s,
                            struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  const enum tp_status status = run_section(suite, section, arena, budget_s, error);
  tp_arena_free(arena);
  return status;
}
