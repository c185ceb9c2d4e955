#include "run/beside.h"

#include <stdlib.h>

struct tp_beside_state {
  struct tp_load load;
};

static enum tp_status start(struct tp_beside_state *state, const struct tp_load *load,
                            struct tp_error *error)
{
  (void)error;
  state->load = *load;
  return TP_OK;
}

static enum tp_status stop(struct tp_beside_state *state, double *moved_bytes_per_s,
                           struct tp_error *error)
{
  (void)error;
  *moved_bytes_per_s = state->load.copy_bytes_per_s;
  return TP_OK;
}

static enum tp_status starts_idle(struct tp_beside_state *state, int sms, struct tp_starts *starts,
                                  struct tp_error *error)
{
  (void)state, (void)sms, (void)error;
  *starts = (struct tp_starts){{0}, {0}};
  return TP_OK;
}

static void close_idle(struct tp_beside_state *state)
{
  free(state);
}

enum tp_status tp_beside_open_idle(struct tp_beside *beside, struct tp_error *error)
{
  struct tp_beside_state *const state = calloc(1, sizeof *state);
  if (state == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  *beside = (struct tp_beside){state, start, stop, starts_idle, close_idle};
  return TP_OK;
}
