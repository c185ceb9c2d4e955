#include "base/text.h"

#include "base/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NUMBERS = 100000 };

bool tp_text_number(const char *text, double *value)
{
  /* strtod alone also takes spaces, hexadecimal, "nan" and "infinity". */
  if (text[0] == '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
    return false;
  char *end;
  const double number = strtod(text, &end);
  if (*end != '\0' || !isfinite(number))
    return false;
  *value = number;
  return true;
}

double tp_text_as_written(double value)
{
  char text[TP_DECIMAL_CHARS];
  double written = value;
  tp_decimal_write(value, text);
  return tp_text_number(text, &written) ? written : value;
}

const char *tp_text_number_mend(const char *text)
{
  const size_t n = strlen(text);
  if (n == 0 || strspn(text, "+-.,0123456789eE %") != n)
    return "";
  if (text[n - 1] == '%')
    return "; write 2 % as 0.02";
  return strchr(text, ',') != NULL ? "; write no comma, and a point before decimals" : "";
}

struct numbers {
  const char *what;
  struct tp_arena *arena;
  double *values;
  size_t count;
};

static enum tp_status numbers_add(struct numbers *numbers, double value, struct tp_error *error)
{
  if (numbers->count == MAX_NUMBERS)
    return tp_fail(error, TP_E_INPUT, "%s: more than %d values; take larger steps", numbers->what,
                   MAX_NUMBERS);
  TP_APPEND(numbers->arena, numbers->values, numbers->count, value);
  return TP_OK;
}

/* FIRST:LAST[:STEP] where STEP is a number to add or xF to multiply by. */
static enum tp_status numbers_add_range(struct numbers *numbers, const char *item, double first,
                                        const char *last_text, const char *step_text,
                                        struct tp_error *error)
{
  const bool multiply = step_text != NULL && step_text[0] == 'x';
  double last, step = 1;
  if (!tp_text_number(last_text, &last))
    return tp_fail(error, TP_E_INPUT, "%s: '%s' in '%s' is not a number", numbers->what, last_text,
                   item);
  if (step_text != NULL && !tp_text_number(step_text + multiply, &step))
    return tp_fail(error, TP_E_INPUT,
                   "%s: step '%s' in '%s' is not a number, nor x and a number as in 1:64:x2",
                   numbers->what, step_text, item);
  if (last < first)
    return tp_fail(error, TP_E_INPUT, "%s: range '%s' runs backwards; write the smaller end first",
                   numbers->what, item);
  if (multiply ? !(step > 1 && first > 0) : !(step > 0))
    return tp_fail(error, TP_E_INPUT, "%s: range '%s' never reaches its end; %s", numbers->what,
                   item, multiply ? "xF needs F above 1 and a start above 0" : "step must be > 0");
  /* Slack for rounding: 0:0.3:0.1 includes its end, though 3 * 0.1 > 0.3. */
  const double slack = 1e-9 * (multiply ? last : step);
  double value = first;
  for (size_t i = 1; value <= last + slack; i++) {
    TP_TRY(numbers_add(numbers, value, error));
    const double next = multiply ? value * step : first + (double)i * step;
    if (!(next > value))
      return tp_fail(error, TP_E_INPUT, "%s: the step of '%s' is too small", numbers->what, item);
    value = next;
  }
  return TP_OK;
}

static enum tp_status numbers_add_item(struct numbers *numbers, const char *item,
                                       struct tp_error *error)
{
  char *const first_text = tp_arena_strdup(numbers->arena, item);
  char *const last_text = strchr(first_text, ':');
  char *const step_text = last_text == NULL ? NULL : strchr(last_text + 1, ':');
  if (last_text != NULL)
    *last_text = '\0';
  if (step_text != NULL)
    *step_text = '\0';
  double first;
  if (!tp_text_number(first_text, &first))
    return tp_fail(error, TP_E_INPUT,
                   "%s: '%s' is not a number; write numbers like 8, 1,2,4 or 1:64:x2",
                   numbers->what, first_text);
  if (last_text == NULL)
    return numbers_add(numbers, first, error);
  return numbers_add_range(numbers, item, first, last_text + 1,
                           step_text == NULL ? NULL : step_text + 1, error);
}

enum tp_status tp_text_numbers(const char *what, const char *text, struct tp_arena *arena,
                               double **values, size_t *n_values, struct tp_error *error)
{
  const char **items;
  size_t n_items;
  TP_TRY(tp_text_words(what, text, arena, &items, &n_items, error));
  struct numbers numbers = {.what = what, .arena = arena};
  for (size_t i = 0; i < n_items; i++)
    TP_TRY(numbers_add_item(&numbers, items[i], error));
  *values = numbers.values;
  *n_values = numbers.count;
  return TP_OK;
}

enum tp_status tp_text_words(const char *what, const char *text, struct tp_arena *arena,
                             const char ***words, size_t *n_words, struct tp_error *error)
{
  size_t count = 1;
  for (const char *at = text; *at != '\0'; at++)
    count += *at == ',';
  const char **const list = TP_NEW(arena, const char *, count);
  char *rest = tp_arena_strdup(arena, text);
  for (size_t i = 0; i < count; i++) {
    list[i] = rest;
    rest += strcspn(rest, ",");
    *rest++ = '\0';
    if (list[i][0] == '\0')
      return tp_fail(error, TP_E_INPUT, "%s: empty %s; write values joined by single commas", what,
                     count > 1 ? "item in the list" : "value");
  }
  *words = list;
  *n_words = count;
  return TP_OK;
}

static int compare_numbers(const void *a, const void *b)
{
  const double *const x = a, *const y = b;
  return (*x > *y) - (*x < *y);
}

enum tp_status tp_text_check_numbers(const char *what, const double *values, size_t n,
                                     struct tp_arena *arena, struct tp_error *error)
{
  double *const sorted = TP_NEW(arena, double, n + 1);
  memcpy(sorted, values, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, compare_numbers);
  for (size_t i = 1; i < n; i++)
    if (!(sorted[i] > sorted[i - 1]))
      return tp_fail(error, TP_E_INPUT, "%s: %.9g stands twice; give it once", what, sorted[i]);
  return TP_OK;
}

static int compare_words(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum tp_status tp_text_check_words(const char *what, const char *const *words, size_t n,
                                   struct tp_arena *arena, struct tp_error *error)
{
  const char **const sorted = TP_NEW(arena, const char *, n + 1);
  memcpy(sorted, words, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, compare_words);
  for (size_t i = 1; i < n; i++)
    if (strcmp(sorted[i], sorted[i - 1]) == 0)
      return tp_fail(error, TP_E_INPUT, "%s: '%s' stands twice; give it once", what, sorted[i]);
  return TP_OK;
}
