#include "bench/host.h"

#include "host/host.h"

#include <stdlib.h>

/* Its clock is the model's of moments: nothing that ran before makes it sink, as `rest` being
 * absent tells sustained.csv. */
struct clocked {
  struct tp_machine machine;
  struct tp_host *host;
};

static enum tp_status open_host(void *data, const struct tp_machine *machine,
                                struct tp_calls *calls, void **owner, struct tp_error *error)
{
  struct clocked *made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  made->machine = *machine;
  made->machine.sustained = false;
  made->host = tp_host_create(&(struct tp_host_options){
      .ranks = 1, .machine = &made->machine, .contends = true, .load = data});
  if (made->host == NULL) {
    free(made);
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  }
  *calls = *tp_host_calls(made->host, 0);
  *owner = made;
  return TP_OK;
}

static void close_host(void *data, struct tp_calls *calls, void *owner)
{
  struct clocked *made = owner;
  (void)data;
  (void)calls;
  tp_host_free(made->host);
  free(made);
}

struct tp_opener tp_opener_host(struct tp_load *load)
{
  return (struct tp_opener){open_host, close_host, load};
}

/* The load itself stands for its state. */
static struct tp_load *load_of(struct tp_beside_state *state)
{
  return (struct tp_load *)(void *)state;
}

static enum tp_status start(struct tp_beside_state *state, const struct tp_load *load,
                            struct tp_error *error)
{
  (void)error;
  *load_of(state) = *load;
  return TP_OK;
}

static enum tp_status stop(struct tp_beside_state *state, double *moved_bytes_per_s,
                           struct tp_error *error)
{
  (void)error;
  *moved_bytes_per_s = load_of(state)->copy_bytes_per_s;
  *load_of(state) = (struct tp_load){.held_sms = 0};
  return TP_OK;
}

/* A collective begins when its stream comes to it: held SMs keep none waiting. */
static enum tp_status starts(struct tp_beside_state *state, int sms, struct tp_starts *starts,
                             struct tp_error *error)
{
  (void)state, (void)sms, (void)error;
  *starts = (struct tp_starts){{0}, {0}};
  return TP_OK;
}

static void leave(struct tp_beside_state *state)
{
  (void)state;
}

struct tp_beside tp_beside_host(struct tp_load *load)
{
  return (struct tp_beside){(struct tp_beside_state *)(void *)load, start, stop, starts, leave};
}
