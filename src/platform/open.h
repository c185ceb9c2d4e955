#ifndef TP_PLATFORM_OPEN_H
#define TP_PLATFORM_OPEN_H
/* Opens a platform, its device and a stack by name: the machine side of every prediction. */
#include "base/datadir.h"
#include "base/hash.h"
#include "platform/library.h"
#include "platform/platform.h"
#include "platform/stack.h"

struct tp_setup_request {
  const char *platform;    /* name, path, or path of a SimGrid XML file (.xml) */
  const char *device;      /* NULL: the one the platform names */
  const char *stack;       /* name or path */
  const char *const *sets; /* "KEY=VALUE", applied in order */
  size_t n_sets;
};

enum { TP_SETUP_INPUTS = 3 + TP_MAX_LIBRARIES };

/* A file that went in, for the sidecar of a result. */
struct tp_setup_input {
  const char *what; /* "platform", "device", "stack", "library" */
  const char *path;
  char hash[TP_HASH_CHARS];
};

struct tp_setup {
  struct tp_platform platform; /* platform.device is set */
  struct tp_device device;
  struct tp_stack stack;
  int n_inputs;
  struct tp_setup_input inputs[TP_SETUP_INPUTS];
};

/* Everything reachable from *setup lives in `arena`; it is not to be copied (it points inside
 * itself). */
enum tp_status tp_setup_open(const struct tp_datadir *dirs, const struct tp_setup_request *request,
                             struct tp_arena *arena, struct tp_setup **setup,
                             struct tp_error *error);
#endif
