#ifndef TP_TESTS_STUDY_PREDICTING_H
#define TP_TESTS_STUDY_PREDICTING_H
/* The fixture of suites that predict points of the shipped data. */
#include "predict/predict.h"

#include "../suite.h"
#include "world.h"

static struct world world;
static struct tp_predictor *predictor;

static void set_up(void)
{
  world_open(&world);
  predictor = tp_predictor_create();
}

static void tear_down(void)
{
  tp_predictor_free(predictor);
  world_close(&world);
}

static inline struct tp_prediction any_row_of(const struct tp_point *point)
{
  struct tp_prediction row;
  struct tp_error error = {""};
  ck_assert_msg(tp_predict(predictor, point, &row, &error) == TP_OK, "%s", error.text);
  return row;
}

/* Of a point that can run. */
static inline struct tp_prediction row_of(const struct tp_point *point)
{
  const struct tp_prediction row = any_row_of(point);
  ck_assert_str_eq(row.status, "ok");
  return row;
}
#endif
