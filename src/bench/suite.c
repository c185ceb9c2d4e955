#include "bench/suite.h"

static const char *const section_texts[TP_N_SECTIONS] = {
#define X(name, text, summary) text,
    TP_SECTIONS(X)
#undef X
};

static const struct {
  const char *text;
  enum tp_section section;
  double shares[TP_ROUNDS];
} tables[TP_N_TABLES] = {
#define X(name, text, section, ...) {text, TP_SECTION_##section, {__VA_ARGS__}},
    TP_TABLES(X)
#undef X
};

const char *tp_section_text(enum tp_section section)
{
  return section_texts[section];
}

const char *tp_table_text(enum tp_table table)
{
  return tables[table].text;
}

static bool is_wanted(int table, enum tp_section section, int only)
{
  return only < 0 ? section == TP_N_SECTIONS || section == tables[table].section : table == only;
}

/* `only`: a table; -1: those of the section. */
static size_t choose_stages(enum tp_section section, int only, struct tp_stage *stages)
{
  size_t n = 0;
  for (int round = 0; round < TP_ROUNDS; round++)
    for (int t = 0; t < TP_N_TABLES; t++)
      if (tables[t].shares[round] > 0 && is_wanted(t, section, only))
        stages[n++] =
            (struct tp_stage){(enum tp_table)t, tables[t].section, round, tables[t].shares[round]};
  return n;
}

size_t tp_suite_stages(enum tp_section section, struct tp_stage stages[TP_MOST_STAGES])
{
  return choose_stages(section, -1, stages);
}

size_t tp_suite_stages_of(enum tp_table table, struct tp_stage stages[TP_MOST_STAGES])
{
  return choose_stages(tables[table].section, (int)table, stages);
}

double tp_stage_budget_s(const struct tp_stage *stages, size_t n, size_t which, double left_s)
{
  double shares = 0;
  for (size_t i = which; i < n; i++)
    shares += stages[i].share;
  return left_s * stages[which].share / shares;
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

/* Steady load warms up by itself, and takes its time. */
static void set_pace(struct tp_agenda_run *run, enum tp_table table)
{
  const bool steady = table == TP_TABLE_SUSTAINED;
  run->most_s = steady ? 10 : 1.5; /* of one row: more samples tell nothing new */
  run->warm_ups = steady ? 0 : 3;
}

static enum tp_status run_agenda(const struct tp_suite *suite, const struct tp_stage *stage,
                                 const struct tp_agenda *agenda, double budget_s,
                                 struct tp_failures *failures, struct tp_error *error)
{
  const struct tp_suite_listener *listener = suite->listener;
  struct told told = {.suite = suite};
  struct tp_agenda_run run = {.plan = agenda,
                              .round = stage->round,
                              .group = suite->rig->group,
                              .budget_s = budget_s,
                              .now_s = now_s,
                              .progress = progress,
                              .failures = failures,
                              .data = &told};
  set_pace(&run, stage->table);
  enum tp_status status = TP_OK;
  if (writes(run.group))
    status = tp_trace_open(suite->source, agenda->layout, &run.trace, error);
  enum tp_status agreed = status;
  if (tp_bench_agree(run.group, &agreed, sizeof agreed, error) != TP_OK || agreed != TP_OK)
    return agreed;
  if (listener != NULL)
    listener->begin(listener->data, agenda->layout->file, tp_agenda_count(agenda, stage->round));
  status = tp_agenda_measure(&run, error);
  const enum tp_status closed = tp_trace_close(run.trace, status == TP_OK ? error : NULL);
  if (listener != NULL)
    listener->end(listener->data, agenda->layout->file, &run,
                  told.refused.text[0] != '\0' ? told.refused.text : NULL);
  return status != TP_OK ? status : closed;
}

/* A table none of whose points has a place begins no file. */
static void tell_left_out(const struct tp_suite *suite, const struct tp_agenda *agenda)
{
  const struct tp_suite_listener *const listener = suite->listener;
  const struct tp_agenda_run none = {.plan = agenda};
  if (listener == NULL || !writes(suite->rig->group))
    return;
  listener->begin(listener->data, agenda->layout->file, 0);
  listener->end(listener->data, agenda->layout->file, &none, NULL);
}

static const struct tp_shapes *shapes_of(const struct tp_suite *suite, struct tp_arena *arena)
{
  struct tp_shapes *shapes = TP_NEW(arena, struct tp_shapes, 1);
  tp_shapes_collect(&suite->shapes, arena, shapes);
  return shapes;
}

static enum tp_status make_agenda(const struct tp_suite *suite, enum tp_table table,
                                  struct tp_arena *arena, struct tp_agenda *agenda,
                                  struct tp_error *error)
{
  struct tp_rig *const rig = suite->rig;
  switch (table) {
  case TP_TABLE_COLLECTIVES:
    return tp_agenda_collectives(rig, suite->ranks, arena, agenda, error);
  case TP_TABLE_LAYERS:
    return tp_agenda_points(rig, &suite->layers, arena, agenda, error);
  case TP_TABLE_GENERATE:
    return tp_agenda_points(rig, &suite->generate, arena, agenda, error);
  case TP_TABLE_STARTS:
    return tp_agenda_starts(rig, suite->beside, arena, agenda, error);
  case TP_TABLE_CROSSINGS:
    return tp_agenda_crossings(rig, arena, agenda, error);
  case TP_TABLE_GEMM:
    return tp_agenda_gemms(rig, shapes_of(suite, arena), arena, agenda, error);
  case TP_TABLE_ATTENTION:
    return tp_agenda_attentions(rig, shapes_of(suite, arena), arena, agenda, error);
  case TP_TABLE_INTERFERENCE:
    return tp_agenda_interference(rig, suite->beside, arena, agenda, error);
  case TP_TABLE_MEMORY:
    return tp_agenda_memory(rig, shapes_of(suite, arena), arena, agenda, error);
  case TP_TABLE_SUSTAINED:
    return tp_agenda_sustained(rig, suite->rest, arena, agenda, error);
  case TP_N_TABLES:
    break;
  }
  return TP_OK;
}

enum tp_status tp_suite_run_stage(const struct tp_suite *suite, const struct tp_stage *stage,
                                  double budget_s, struct tp_failures *failures,
                                  struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_agenda agenda;
  suite->rig->programs =
      stage->section == TP_SECTION_LAYERS || stage->section == TP_SECTION_GENERATE;
  enum tp_status status = make_agenda(suite, stage->table, arena, &agenda, error);
  if (status == TP_OK && tp_agenda_count(&agenda, stage->round) > 0)
    status = run_agenda(suite, stage, &agenda, budget_s, failures, error);
  else if (status == TP_OK && agenda.n == 0 && agenda.n_left_out > 0 && stage->round == 0)
    tell_left_out(suite, &agenda);
  tp_arena_free(arena);
  return status;
}
