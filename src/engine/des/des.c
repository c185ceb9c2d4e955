/* The DES engine: plans a run, has it simulated, accounts for it. */
#include "engine/des/des.h"

#include "engine/des/worker.h"

#include <stdlib.h>

enum tp_status tp_des_run(const struct tp_engine *engine, const struct tp_run *run,
                          struct tp_arena *scratch, struct tp_result *result,
                          struct tp_des_plan *plan, struct tp_des_record *record,
                          struct tp_error *error)
{
  enum tp_status status = tp_des_plan_make(run, scratch, plan, error);
  if (status == TP_OK)
    status = tp_des_worker_run(engine->kept, plan, record, error);
  if (status == TP_OK)
    tp_des_account(plan, record->spans, scratch, result);
  return status;
}

static enum tp_status run_des(const struct tp_engine *engine, const struct tp_run *run,
                              struct tp_arena *scratch, struct tp_result *result,
                              struct tp_error *error)
{
  struct tp_des_plan plan;
  struct tp_des_record record;
  return tp_des_run(engine, run, scratch, result, &plan, &record, error);
}

struct tp_engine tp_des_open(void)
{
  struct tp_des_worker *worker = malloc(sizeof *worker);
  if (worker == NULL)
    abort();
  tp_des_worker_make(worker);
  return (struct tp_engine){
      .name = "des",
      .summary = "discrete events with SimGrid: every rank, stream and message, on real routes",
      .run = run_des,
      .kept = worker,
  };
}

void tp_des_close(struct tp_engine *engine)
{
  tp_des_worker_stop(engine->kept);
  free(engine->kept);
  engine->kept = NULL;
}
