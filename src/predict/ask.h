#ifndef TP_PREDICT_ASK_H
#define TP_PREDICT_ASK_H
/* A point by names and numbers, a value an input column, as command lines, rows and callers of the
 * library give it; and what stands where they give none. */
#include "predict/catalog.h"

/* The input columns. */
enum tp_axis_name {
#define X(name, unit, description) TP_AXIS_##name,
  TP_EVERY_INPUT(X, X)
#undef X
      TP_N_AXES
};
const struct tp_column *tp_axis_column(enum tp_axis_name axis);

/* What stands for a number that nobody gives. */
double tp_axis_usual(enum tp_axis_name axis);

/* A name, or a number as text or as it is.  NULL and NAN: the default, stack "vllm-0.24",
 * variant "standard", tp 1 ...; model and platform have none. */
struct tp_ask_value {
  const char *text;
  double number;
};

struct tp_ask {
  struct tp_ask_value values[TP_N_AXES];
  enum tp_detail detail;        /* of DES points */
  enum tp_algorithm collective; /* that runs the all-reduces */
  const char *file;             /* that texts come from, for messages; NULL: none */
  int line;
};

/* Says once a model that an engine would refuse sequences of so many tokens, or cut them, if it
 * would. */
void tp_ask_tell_positions(const struct tp_model *model, int64_t tokens,
                           struct tp_catalog *catalog);

/* Finds what the names mean.  Unknown names and numbers that make no sense are TP_E_INPUT, with the
 * file's line where one is to blame. */
enum tp_status tp_ask_resolve(const struct tp_ask *ask, struct tp_catalog *catalog,
                              struct tp_point *point, struct tp_error *error);
#endif
