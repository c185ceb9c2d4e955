/* What becomes of libraries that are loaded when they are needed: libraries.sh asks, in folders of
 * its own making. */
#include "config.h"

#include "base/error.h"
#include "gpu/nvrtc.h"
#ifdef HAVE_NCCL
#include "peers/nccl_library.h"
#endif

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int nccl(void)
{
#ifdef HAVE_NCCL
  struct tp_nccl_library library;
  struct tp_error error;
  int version = 0;
  const enum tp_status status = tp_nccl_library_load(&library, &error);
  if (status != TP_OK)
    printf("%s\n", error.text);
  else if (library.GetVersion(&version) == ncclSuccess)
    printf("NCCL %d\n", version);
  return (int)status;
#else
  puts("built without NCCL");
  return 77;
#endif
}

/* Compiles a kernel as cuDNN does; prints NVRTC's result, 0 where it is well.  NVRTC is found by
 * this program's run path, by which its built-ins are not. */
static int nvrtc(bool first)
{
  void *program = NULL;
  char name[32];
  int (*create)(void **program, const char *source, const char *name, int n_headers,
                const char *const *headers, const char *const *names);
  int (*compile)(void *program, int n_options, const char *const *options);
  snprintf(name, sizeof name, "libnvrtc.so.%d", CUDART_VERSION / 1000);
  if (first)
    tp_nvrtc_load();
  void *const library = dlopen(name, RTLD_NOW);
  if (library == NULL) {
    puts(dlerror());
    return 1;
  }
  *(void **)&create = dlsym(library, "nvrtcCreateProgram");
  *(void **)&compile = dlsym(library, "nvrtcCompileProgram");
  int result = create(&program, "__global__ void nothing(void) {}", "nothing.cu", 0, NULL, NULL);
  if (result == 0)
    result = compile(program, 0, NULL);
  printf("NVRTC: %d\n", result);
  return result != 0;
}

int main(int n_words, char **words)
{
  const char *const what = n_words == 2 ? words[1] : "";
  if (strcmp(what, "nccl") == 0)
    return nccl();
  if (strcmp(what, "nvrtc") == 0 || strcmp(what, "nvrtc-alone") == 0)
    return nvrtc(strcmp(what, "nvrtc") == 0);
  fputs("usage: libraries nccl|nvrtc|nvrtc-alone\n", stderr);
  return 2;
}
