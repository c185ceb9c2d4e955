#include "gpu/clocks.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

/* Its functions that are asked, as nvml.h has them, which toolkits may lack; 0 is success. */
struct management {
  int (*init)(void);
  int (*shutdown)(void);
  int (*driver)(char *version, unsigned length);
  int (*find)(const char *bus_id, void **device);
  int (*clock)(void *device, int type, unsigned *megahertz);
};
enum { CLOCK_SM = 1, CLOCK_MEMORY = 2 };

/* POSIX lets a function's address be read through an object pointer (dlsym, APPLICATION USAGE). */
static bool take(void *library, const char *name, void *function)
{
  *(void **)function = dlsym(library, name);
  return *(void **)function != NULL;
}

static bool take_all(void *library, struct management *management)
{
  return take(library, "nvmlInit_v2", &management->init) &&
         take(library, "nvmlShutdown", &management->shutdown) &&
         take(library, "nvmlSystemGetDriverVersion", &management->driver) &&
         take(library, "nvmlDeviceGetHandleByPciBusId_v2", &management->find) &&
         take(library, "nvmlDeviceGetClockInfo", &management->clock);
}

static bool ask(const struct management *management, const char *bus_id,
                struct tp_gpu_clocks *clocks)
{
  void *device;
  unsigned megahertz = 0, memory_megahertz = 0;
  if (management->driver(clocks->driver, sizeof clocks->driver) != 0 ||
      management->find(bus_id, &device) != 0 ||
      management->clock(device, CLOCK_SM, &megahertz) != 0 ||
      management->clock(device, CLOCK_MEMORY, &memory_megahertz) != 0)
    return false;
  clocks->clock_hz = 1e6 * megahertz;
  clocks->memory_clock_hz = 1e6 * memory_megahertz;
  return true;
}

bool tp_gpu_clocks(int device, struct tp_gpu_clocks *clocks)
{
  struct management management;
  char bus_id[32];
  if (cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, device) != cudaSuccess)
    return false;
  void *const library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  if (library == NULL)
    return false;
  bool told = take_all(library, &management) && management.init() == 0;
  if (told) {
    told = ask(&management, bus_id, clocks);
    management.shutdown();
  }
  dlclose(library);
  return told;
}
