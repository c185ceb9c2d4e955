#ifndef TP_CUDA_CMD_BENCH_JOB_H
#define TP_CUDA_CMD_BENCH_JOB_H
/* What a command line of `bench` asks for, found and opened. */
#include "bench/suite.h"
#include "bench/trace_folder.h"
#include "command/command.h"
#include "gpu/gpu.h"

struct tp_bench_args {
  const char *device, *out, *platform, *stack, *standin, *dtype;
  struct tp_words model, variant, sets;
  struct tp_numbers tp, emulate_tp, batch;
  int64_t budget, prompt, generate, layers;
};

/* A run of the command. */
struct tp_bench_job {
  struct tp_session *session;
  const struct tp_bench_args *args;
  bool host; /* no GPU */
  int gpu, n_gpus;
  struct tp_gpu_facts facts;
  struct tp_setup *setup;
  struct tp_trace_source source;
  struct tp_suite suite; /* but for rig, beside, ranks and listener */
  int standin_sms;       /* as struct tp_gpu_options has it */
  double begin_s, budget_s;
};

/* Everything is in the session's arena; the job stays where it is.  GPUs are asked by a process of
 * their own, so that this one can fork. */
enum tp_status tp_bench_job_open(struct tp_session *session, const struct tp_bench_args *args,
                                 struct tp_bench_job *job, struct tp_error *error);

/* cmd_bench_suite.c: the job's suite, of the models, variants, degrees and batches asked for. */
enum tp_status tp_bench_job_suite(struct tp_bench_job *job, struct tp_error *error);
/* Takes the job's folder, where the stages' rows go with those that stand there. */
enum tp_status tp_bench_take_folder(const struct tp_bench_job *job, const struct tp_stage *stages,
                                    size_t n, struct tp_trace_folder *folder,
                                    struct tp_error *error);
double tp_bench_now_s(void *unused); /* of the monotonic clock */

/* cmd_bench_run.c: the stages, of one section where ranks are many, in their order.  What it
 * measured it says on standard output. */
enum tp_status tp_bench_run(const struct tp_bench_job *job, const struct tp_stage *stages, size_t n,
                            struct tp_error *error);
/* Degrees that a section runs one after the other, each by a group; none: once, alone. */
struct tp_numbers tp_bench_degrees(const struct tp_bench_job *job, enum tp_section section);
#endif
