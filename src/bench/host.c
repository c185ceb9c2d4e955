#include "bench/host.h"

#include "host/host.h"

static enum tp_status open_host(void *data, const struct tp_machine *machine,
                                struct tp_calls *calls, void **owner, struct tp_error *error)
{
  (void)data;
  struct tp_host *host = tp_host_create(&(struct tp_host_options){.ranks = 1, .machine = machine});
  if (host == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  *calls = *tp_host_calls(host, 0);
  *owner = host;
  return TP_OK;
}

static void close_host(void *data, struct tp_calls *calls, void *owner)
{
  (void)data;
  (void)calls;
  tp_host_free(owner);
}

struct tp_opener tp_opener_host(void)
{
  return (struct tp_opener){open_host, close_host, NULL};
}
