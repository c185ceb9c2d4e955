#include "bench/choice.h"

#include "platform/open.h"

#include <math.h>
#include <string.h>

/* Drivers count what ECC and firmware leave, datasheets in billions what is soldered. */
static const double memory_tolerance = 0.12;

static bool is_like(const struct tp_device *device, int sms, double memory_bytes)
{
  const struct tp_device_datasheet *sheet = &device->datasheet;
  return (int)sheet->sm_count == sms &&
         fabs(sheet->dram_bytes / memory_bytes - 1) <= memory_tolerance;
}

enum tp_status tp_platform_like(const struct tp_datadir *dirs, int sms, double memory_bytes,
                                struct tp_arena *arena, const char **platform,
                                struct tp_error *error)
{
  const char **names, *found = NULL;
  size_t n;
  TP_TRY(tp_datadir_list(dirs, "platforms", ".json", arena, &names, &n, error));
  for (size_t i = 0; i < n; i++) {
    const struct tp_setup_request request = {.platform = names[i], .stack = "ideal"};
    struct tp_setup *setup;
    TP_TRY(tp_setup_open(dirs, &request, arena, &setup, error));
    if (is_like(&setup->device, sms, memory_bytes) &&
        (found == NULL || strlen(names[i]) < strlen(found)))
      found = names[i];
  }
  if (found == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "no platform with GPUs of %d SMs and %.0f GB is known; say --platform", sms,
                   memory_bytes * 1e-9);
  *platform = found;
  return TP_OK;
}
