#include "fit/options.h"

#include "base/hash.h"
#include "program/op_fields.h"

#include <stdio.h>
#include <string.h>

/* The hash is of a text, so that no enumerator's number and no order of a list has a part in it. */
uint64_t tp_fit_shape(const struct tp_op *op, int ranks, const struct tp_interference *beside)
{
  char text[320];
  tp_op_row_text(op, text, sizeof text);
  const size_t used = strlen(text);
  snprintf(text + used, sizeof text - used, " ranks=%d held_sms=%.9g copy_bytes_per_s=%.9g", ranks,
           beside->held_sms, beside->copy_bytes_per_s);
  return tp_hash(text);
}

bool tp_fit_is_held_out(uint64_t shape, double hold_out_ratio)
{
  uint64_t x = shape + 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return 0x1p-53 * (double)(x >> 11) < hold_out_ratio;
}

enum tp_status tp_fit_check_spread(const char *group, double spread_ratio, struct tp_error *error)
{
  if (spread_ratio <= 2)
    return TP_OK;
  return tp_fail(
      error, TP_E_INPUT,
      "%s: times lie off any fit, by factors of e to the %.3g; `tpsim validate` names the "
      "worst rows: take them out",
      group, spread_ratio);
}

void tp_fit_progress(const struct tp_fit_options *options, size_t done, size_t total)
{
  if (options->progress != NULL)
    options->progress(options->progress_data, done, total);
}
