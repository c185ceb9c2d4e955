#ifndef TP_ENGINE_DES_WORKER_H
#define TP_ENGINE_DES_WORKER_H
/* The process that simulates: tpsim-des, started with the first plan and kept for further ones. */
#include "engine/des/loaded.h"

#include <sys/types.h>

struct tp_des_worker {
  const char *program; /* path of tpsim-des; borrowed */
  pid_t process;       /* 0: none */
  pid_t owner;         /* who started it: a fork of that process has to start its own */
  int socket, log, block;
  void *memory; /* of the block, as mapped here */
  size_t memory_bytes;
  struct tp_des_loaded loaded;
};

/* No process yet. */
void tp_des_worker_make(struct tp_des_worker *worker);

/* Simulates the plan; starts the worker, or another one, where that is needed.  The record lies in
 * the block and lasts until the next call.  TP_E_ENVIRONMENT where the simulation dies, with its
 * last words, or where there is no tpsim-des. */
enum tp_status tp_des_worker_run(struct tp_des_worker *worker, const struct tp_des_plan *plan,
                                 struct tp_des_record *record, struct tp_error *error);

/* Ends the process and frees everything; the worker starts anew with the next plan. */
void tp_des_worker_stop(struct tp_des_worker *worker);
#endif
