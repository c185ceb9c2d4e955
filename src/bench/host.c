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
  (void)data;
  struct clocked *made = calloc(1, sizeof *made);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  made->machine = *machine;
  made->machine.sustained = false;
  made->host = tp_host_create(&(struct tp_host_options){.ranks = 1, .machine = &made->machine});
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

struct tp_opener tp_opener_host(void)
{
  return (struct tp_opener){open_host, close_host, NULL};
}
