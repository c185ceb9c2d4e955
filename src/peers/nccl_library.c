#include "config.h"

#include "base/error.h"
#ifdef HAVE_NCCL
#include "peers/nccl_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define TEXT_OF(number) #number
#define NAME_OF(major)  "libnccl.so." TEXT_OF(major)

static const struct {
  const char *name;
  size_t offset;
} functions[] = {
#define X(name) {"nccl" #name, offsetof(struct tp_nccl_library, name)},
    TP_NCCL_FUNCTIONS(X)
#undef X
};

enum tp_status tp_nccl_library_load(struct tp_nccl_library *library, struct tp_error *error)
{
  static const char file[] = NAME_OF(NCCL_MAJOR);
  void *const opened = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (opened == NULL)
    return tp_fail(
        error, TP_E_ENVIRONMENT,
        "NCCL cannot be loaded: %s; install it (nvidia-nccl-cu%d of pip), put the folder "
        "of %s into LD_LIBRARY_PATH, or take a stack with 'peer-kernels'",
        dlerror(), CUDART_VERSION / 1000, file);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    void *const found = dlsym(opened, functions[i].name);
    if (found == NULL)
      return tp_fail(error, TP_E_ENVIRONMENT, "%s has no %s; install NCCL %d.%d or a newer one",
                     file, functions[i].name, NCCL_MAJOR, NCCL_MINOR);
    /* POSIX lets a function's address be read through an object pointer (dlsym). */
    memcpy((char *)library + functions[i].offset, &found, sizeof found);
  }
  return TP_OK;
}
#endif
