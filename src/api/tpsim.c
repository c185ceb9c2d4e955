#include "api/tpsim.h"

#include "predict/ask.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)TPSIM_E_INPUT == TP_E_INPUT && (int)TPSIM_E_ENVIRONMENT == TP_E_ENVIRONMENT,
               "statuses are handed on");
_Static_assert(sizeof((struct tpsim_result *)0)->status ==
                   sizeof((struct tp_prediction *)0)->status,
               "reasons are handed on whole");
_Static_assert(sizeof(struct tpsim_error) == sizeof(struct tp_error), "texts are handed on whole");

struct tpsim {
  struct tp_arena *arena;
  const char *roots[2];
  struct tp_datadir dirs;
  struct tp_engine des;
  const struct tp_engine *engines[3];
  struct tp_catalog catalog;
  struct tp_predictor *predictor;
  locale_t c_locale; /* the caller's may write 1,5 */
};

static int hand_on(enum tp_status status, const struct tp_error *from, struct tpsim_error *error)
{
  if (status != TP_OK && error != NULL)
    memcpy(error->text, from->text, sizeof error->text);
  return (int)status;
}

static enum tp_status check_data(const char *data, struct tp_arena *arena, struct tp_error *error)
{
  if (data == NULL || access(tp_arena_printf(arena, "%s/platforms", data), X_OK) == 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s: no folder with models/ and platforms/", data);
}

static struct tpsim *make(const char *data, struct tp_arena *arena)
{
  struct tpsim *tpsim = TP_NEW(arena, struct tpsim, 1);
  *tpsim = (struct tpsim){.arena = arena,
                          .des = tp_des_open(),
                          .predictor = tp_predictor_create(),
                          .c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
  size_t n = 0;
  if (data != NULL)
    tpsim->roots[n++] = tp_arena_strdup(arena, data);
  tpsim->roots[n++] = TP_DATADIR;
  tpsim->dirs = (struct tp_datadir){tpsim->roots, n};
  tpsim->engines[0] = &tp_engine_analytic;
  tpsim->engines[1] = &tpsim->des;
  tpsim->catalog =
      (struct tp_catalog){.arena = arena, .dirs = &tpsim->dirs, .engines = tpsim->engines};
  return tpsim;
}

struct tpsim *tpsim_open(const char *data, struct tpsim_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_error reason;
  const enum tp_status status = check_data(data, arena, &reason);
  if (status == TP_OK)
    return make(data, arena);
  hand_on(status, &reason, error);
  tp_arena_free(arena);
  return NULL;
}

void tpsim_close(struct tpsim *tpsim)
{
  if (tpsim == NULL)
    return;
  tp_predictor_free(tpsim->predictor);
  tp_des_close(&tpsim->des);
  freelocale(tpsim->c_locale);
  tp_arena_free(tpsim->arena);
}

/* Every input column is a member of the point, every output column one of the result. */
static struct tp_ask ask_of(const struct tpsim_point *point)
{
  struct tp_ask ask = {.detail = TP_DETAIL_FLOW};
#define TEXT(name, unit, description) \
  ask.values[TP_AXIS_##name] = (struct tp_ask_value){point->name, (double)NAN};
#define NUMBER(name, unit, description) \
  ask.values[TP_AXIS_##name] =          \
      (struct tp_ask_value){NULL, point->name == 0 ? (double)NAN : (double)point->name};
  TP_INPUT_COLUMNS(TEXT, NUMBER)
  TP_LATER_INPUT_COLUMNS(TEXT, NUMBER)
  TP_NEWER_INPUT_COLUMNS(TEXT, NUMBER)
  TP_LAST_INPUT_COLUMNS(NUMBER)
#undef TEXT
#undef NUMBER
  if (point->generate < 0)
    ask.values[TP_AXIS_generate].number = 0;
  return ask;
}

static struct tpsim_result result_of(const struct tp_prediction *row)
{
  struct tpsim_result result = {.nodes = row->nodes};
#define REASON(name, unit, description) strcpy(result.name, row->name);
#define NUMBER(name, unit, description) result.name = row->name;
  TP_OUTPUT_COLUMNS(REASON, NUMBER)
  TP_LATER_OUTPUT_COLUMNS(NUMBER)
#undef REASON
#undef NUMBER
  return result;
}

int tpsim_estimate(struct tpsim *tpsim, const struct tpsim_point *point,
                   struct tpsim_result *result, struct tpsim_error *error)
{
  const struct tp_ask ask = ask_of(point);
  struct tp_point resolved;
  struct tp_prediction row;
  struct tp_error reason;
  const locale_t callers = uselocale(tpsim->c_locale);
  enum tp_status status = tp_ask_resolve(&ask, &tpsim->catalog, &resolved, &reason);
  if (status == TP_OK)
    status = tp_predict(tpsim->predictor, &resolved, &row, &reason);
  uselocale(callers);
  if (status == TP_OK)
    *result = result_of(&row);
  return hand_on(status, &reason, error);
}
