/* tpsim check --make: a baseline out of a result. */
#include "cli/check_make.h"

#include "base/output.h"
#include "base/text.h"
#include "command/keep.h"
#include "judge/baseline.h"
#include "judge/oracle.h"
#include "sweep/sidecar.h"

#include <string.h>

/* "speedup=0.03", "ttft_s=5%" or "2%", of all figures that are not named. */
static enum tp_status read_tolerance(const char *text, struct tp_arena *arena,
                                     struct tp_baseline_tolerance *tolerance,
                                     struct tp_error *error)
{
  const char *const equals = strchr(text, '=');
  char *const value = tp_arena_strdup(arena, equals != NULL ? equals + 1 : text);
  const size_t length = strlen(value);
  *tolerance = (struct tp_baseline_tolerance){.metric = NULL};
  if (equals != NULL)
    TP_TRY(tp_foretold_metric(text, (size_t)(equals - text), arena, &tolerance->metric, error));
  tolerance->is_ratio = length > 0 && value[length - 1] == '%';
  if (tolerance->is_ratio)
    value[length - 1] = '\0';
  if (!tp_text_number(value, &tolerance->value) || tolerance->value < 0)
    return tp_fail(error, TP_E_INPUT,
                   "--tolerance '%s': give a number from 0 or a percentage, as in speedup=0.03, "
                   "ttft_s=5%% or 2%%",
                   text);
  tolerance->value /= tolerance->is_ratio ? 100 : 1;
  return TP_OK;
}

static enum tp_status read_request(const struct tp_check_make *asked, struct tp_arena *arena,
                                   struct tp_baseline_request *request, struct tp_error *error)
{
  static const char *const usual[] = {"ttft_s", "tpot_s", "e2e_s", "speedup", "memory_bytes"};
  const bool given = asked->metrics->n > 0;
  const size_t n = given ? asked->metrics->n : sizeof usual / sizeof usual[0];
  const size_t n_tolerances = asked->tolerances->n;
  const char **const metrics = TP_NEW(arena, const char *, n);
  struct tp_baseline_tolerance *const tolerances =
      TP_NEW(arena, struct tp_baseline_tolerance, n_tolerances + 1);
  for (size_t i = 0; i < n; i++) {
    const char *const name = given ? asked->metrics->items[i] : usual[i];
    TP_TRY(tp_foretold_metric(name, strlen(name), arena, &metrics[i], error));
  }
  for (size_t i = 0; i < n_tolerances; i++)
    TP_TRY(read_tolerance(asked->tolerances->items[i], arena, &tolerances[i], error));
  tolerances[n_tolerances] = (struct tp_baseline_tolerance){.value = 0.01, .is_ratio = true};
  *request = (struct tp_baseline_request){metrics, n, tolerances, n_tolerances + 1};
  return TP_OK;
}

enum tp_status tp_check_make(const struct tp_session *session, const struct tp_check_make *asked,
                             struct tp_error *error)
{
  struct tp_baseline_request request;
  struct tp_output output;
  size_t n_left_out = 0;
  const char *const missing =
      tp_sidecar_missing(asked->result, session->argv, session->n_arguments, session->arena);
  TP_TRY(read_request(asked, session->arena, &request, error));
  TP_TRY(tp_command_keep(asked->result, "-o", asked->out, error));
  TP_TRY(tp_command_keep(tp_arena_printf(session->arena, "%s.json", asked->result), "-o",
                         asked->out, error));
  if (missing[0] != '\0')
    tp_command_note(tp_arena_printf(
        session->arena, "%s was made with%s, which no column tells: check the baseline with that",
        asked->result, missing));
  if (asked->out == NULL)
    return tp_baseline_make(asked->result, &request, session->arena, stdout, &n_left_out, error);
  TP_TRY(tp_output_open(asked->out, session->arena, &output, error));
  const enum tp_status status =
      tp_baseline_make(asked->result, &request, session->arena, output.stream, &n_left_out, error);
  if (status != TP_OK) {
    tp_output_abort(&output);
    return status;
  }
  TP_TRY(tp_output_commit(&output, error));
  if (n_left_out > 0)
    tp_command_note(tp_arena_printf(session->arena,
                                    "%s: %zu rows left out: their points cannot run", asked->result,
                                    n_left_out));
  return TP_OK;
}
