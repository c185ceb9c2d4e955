#include "gpu/lateness.h"

#include "gpu/check.h"

#include <stdlib.h>

static size_t bytes_of(const struct tp_lateness *lateness, int entries)
{
  return (size_t)entries * (size_t)(1 + lateness->sms) * sizeof *lateness->memory;
}

enum tp_status tp_lateness_begin(struct tp_lateness *lateness, int sms, struct tp_error *error)
{
  lateness->sms = sms;
  lateness->n = 0;
  if (lateness->memory == NULL)
    TP_TRY(TP_CUDA(cudaMalloc((void **)&lateness->memory, bytes_of(lateness, TP_LATENESS_MOST)),
                   error));
  lateness->watching = true;
  return TP_OK;
}

unsigned long long *tp_lateness_entry(struct tp_lateness *lateness, int blocks)
{
  if (!lateness->watching || lateness->n == TP_LATENESS_MOST)
    return NULL;
  lateness->blocks[lateness->n] = blocks;
  return lateness->memory + (size_t)lateness->n++ * (size_t)(1 + lateness->sms);
}

/* The SMs share one clock. */
static struct tp_late late_of(const unsigned long long *entry, int blocks)
{
  unsigned long long first = entry[1], last = entry[1];
  for (int i = 2; i <= blocks; i++) {
    first = entry[i] < first ? entry[i] : first;
    last = entry[i] > last ? entry[i] : last;
  }
  return (struct tp_late){1e-9 * (double)(first - entry[0]), 1e-9 * (double)(last - entry[0])};
}

enum tp_status tp_lateness_read(struct tp_lateness *lateness, struct tp_late *late,
                                struct tp_error *error)
{
  const size_t bytes = bytes_of(lateness, lateness->n);
  unsigned long long *const log = malloc(bytes > 0 ? bytes : 1);
  lateness->watching = false;
  if (log == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  const enum tp_status status =
      TP_CUDA(cudaMemcpy(log, lateness->memory, bytes, cudaMemcpyDeviceToHost), error);
  for (int i = 0; i < lateness->n && status == TP_OK; i++)
    late[i] = late_of(log + (size_t)i * (size_t)(1 + lateness->sms), lateness->blocks[i]);
  free(log);
  return status;
}

void tp_lateness_close(struct tp_lateness *lateness)
{
  cudaFree(lateness->memory);
  *lateness = (struct tp_lateness){.memory = NULL};
}
