#define _GNU_SOURCE
#include "gpu/nvrtc.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* What a process loads it never unloads: cuDNN's handles may come and go. */
static void *load(const char *file)
{
  return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

/* Built-ins have NVRTC's version in their name, and lie beside it. */
static void load_builtins(void *nvrtc)
{
  int (*version)(int *major, int *minor);
  int major = 0, minor = 0;
  char name[64], path[1024];
  void *const found = dlsym(nvrtc, "nvrtcVersion");
  if (found == NULL)
    return;
  memcpy(&version, &found, sizeof version);
  if (version(&major, &minor) != 0)
    return;
  snprintf(name, sizeof name, "libnvrtc-builtins.so.%d.%d", major, minor);
  Dl_info from;
  const char *const end =
      dladdr(found, &from) != 0 && from.dli_fname != NULL ? strrchr(from.dli_fname, '/') : NULL;
  if (end != NULL) {
    snprintf(path, sizeof path, "%.*s/%s", (int)(end - from.dli_fname), from.dli_fname, name);
    if (load(path) != NULL)
      return;
  }
  load(name);
}

void tp_nvrtc_load(void)
{
  char name[32];
  snprintf(name, sizeof name, "libnvrtc.so.%d", CUDART_VERSION / 1000);
  void *const nvrtc = load(name);
  if (nvrtc != NULL)
    load_builtins(nvrtc);
}
