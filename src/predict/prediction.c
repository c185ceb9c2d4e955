#include "predict/prediction.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define INPUT_TEXT(name, unit, description) \
  {#name, unit, description, true, true, offsetof(struct tp_prediction, name)},
#define INPUT_NUMBER(name, unit, description) \
  {#name, unit, description, false, true, offsetof(struct tp_prediction, name)},
#define OUTPUT_REASON(name, unit, description) \
  {#name, unit, description, true, false, offsetof(struct tp_prediction, name)},
#define OUTPUT_NUMBER(name, unit, description) \
  {#name, unit, description, false, false, offsetof(struct tp_prediction, name)},
const struct tp_column tp_columns[TP_N_COLUMNS] = {
    TP_INPUT_COLUMNS(INPUT_TEXT, INPUT_NUMBER) TP_OUTPUT_COLUMNS(OUTPUT_REASON, OUTPUT_NUMBER)
        TP_LATER_INPUT_COLUMNS(INPUT_TEXT, INPUT_NUMBER) TP_LATER_OUTPUT_COLUMNS(OUTPUT_NUMBER)
            TP_NEWER_INPUT_COLUMNS(INPUT_TEXT, INPUT_NUMBER) TP_LAST_INPUT_COLUMNS(INPUT_NUMBER)};
const size_t tp_n_columns = TP_N_COLUMNS;
#define ONE(...) +1
const size_t tp_n_usual_columns = TP_N_COLUMNS - (0 TP_LAST_INPUT_COLUMNS(ONE));
#undef ONE

/* Inputs hold pointers to their text, the output text stands in the struct. */
const char *tp_prediction_text(const struct tp_prediction *prediction,
                               const struct tp_column *column)
{
  const char *const place = (const char *)prediction + column->offset;
  const char *text = place;
  if (column->is_input)
    memcpy(&text, place, sizeof text);
  return text;
}

double tp_prediction_number(const struct tp_prediction *prediction, const struct tp_column *column)
{
  double number;
  memcpy(&number, (const char *)prediction + column->offset, sizeof number);
  return number;
}

void tp_prediction_clear(struct tp_prediction *prediction)
{
#define REASON(name, unit, description) strcpy(prediction->name, "ok");
#define NUMBER(name, unit, description) prediction->name = (double)NAN;
  TP_OUTPUT_COLUMNS(REASON, NUMBER)
  TP_LATER_OUTPUT_COLUMNS(NUMBER)
#undef REASON
#undef NUMBER
}

void tp_prediction_refuse(struct tp_prediction *prediction, const char *reason)
{
  const size_t most = sizeof prediction->status - 1, length = strnlen(reason, most);
  memcpy(prediction->status, reason, length);
  prediction->status[length] = '\0';
}

void tp_prediction_write_header(size_t n_columns, FILE *out)
{
  for (size_t i = 0; i < n_columns; i++)
    fprintf(out, "%s%s", i > 0 ? "," : "", tp_columns[i].name);
  putc('\n', out);
}
