#ifndef TP_BENCH_RIG_H
#define TP_BENCH_RIG_H
/* Devices as the benchmarks use them: one is opened for each tensor-parallel degree, with the model
 * of its machine, which plans samples and tells stand-ins how long to last.
 */
#include "bench/bench.h"
#include "cost/cost.h"
#include "platform/open.h"

/* Opens a device as rank 0 of the machine, or as the rank that this process is. */
struct tp_opener {
  enum tp_status (*open)(void *data, const struct tp_machine *machine, struct tp_calls *calls,
                         void **owner, struct tp_error *error);
  void (*close)(void *data, struct tp_calls *calls, void *owner);
  void *data;
};

struct tp_rig_device {
  struct tp_machine machine;
  struct tp_calls calls;
  void *owner;
  struct tp_bench bench;
};

enum { TP_RIG_DEGREES = 8 };

struct tp_rig {
  const struct tp_setup *setup;
  struct tp_team *group; /* NULL: alone */
  struct tp_opener opener;
  bool programs; /* not single ops: what is expected is what predict says of a program */
  int n;
  struct tp_rig_device *devices[TP_RIG_DEGREES];
};

/* The device at a degree, opened when first asked for; lives as long as the rig.  TP_E_INPUT where
 * the platform has fewer GPUs. */
enum tp_status tp_rig_at(struct tp_rig *rig, int tp, struct tp_rig_device **device,
                         struct tp_error *error);

/* The machine alone, without a device. */
enum tp_status tp_rig_machine(const struct tp_rig *rig, int tp, struct tp_machine *machine,
                              struct tp_error *error);

void tp_rig_close(struct tp_rig *rig);
#endif
