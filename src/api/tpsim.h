#ifndef TPSIM_H
#define TPSIM_H
/* libtpsim: how long a transformer takes on a machine of GPUs, asked from C.
 *
 *     struct tpsim_error error;
 *     struct tpsim *tpsim = tpsim_open(NULL, &error);
 *     struct tpsim_point point = {.model = "llama-3.1-70b", .platform = "dgx-h100", .tp = 8};
 *     struct tpsim_result result;
 *     if (tpsim != NULL && tpsim_estimate(tpsim, &point, &result, &error) == TPSIM_OK)
 *       printf("%s: %g s a token\n", result.status, result.tpot_s);
 *     tpsim_close(tpsim);
 *
 * A point is a row of the program tpsim's tables, and so is a result: the same input gives the same
 * numbers.  Nothing is printed, nothing ends the process but an allocation that fails (abort).
 *
 * Threads: a handle is used by one thread at a time; different handles by different threads at
 * once. No function reads the environment or sets anything that is the process's.
 *
 * The engine "des" runs a program, tpsim-des, as it was installed beside this library: a process
 * that each handle keeps from its first such point on and ends in tpsim_close.  It dies with this
 * process, however that ends.
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TPSIM_API __attribute__((visibility("default")))

enum tpsim_status {
  TPSIM_OK = 0,
  TPSIM_E_INPUT = 2,      /* a name, number or file is wrong: the point's or data's fault */
  TPSIM_E_ENVIRONMENT = 3 /* the system lacks something: tpsim-des, memory, processes */
};

/* One line, "what is wrong, and the mend", as the program tpsim says it. */
struct tpsim_error {
  char text[768];
};

/* What is asked.  Zeros stand for what is not said: initialise with {0} or designators.  Strings
 * are read during the call alone. */
struct tpsim_point {
  /* A name of the data ("llama-3.1-70b"), or a file's path: with a '/' or ending in .json. */
  const char *model;    /* needed; a Hugging Face config.json */
  const char *platform; /* needed; topology with its device */
  const char *stack;    /* software; NULL: vllm-0.24 */
  const char *variant;  /* architecture[+overlap][+wire]; NULL: standard */
  const char *dtype;    /* of weights and activations: fp16, bf16, fp8, fp32 ...; NULL: fp16 */
  const char *kv_dtype; /* of the KV cache: fp16, bf16, fp8; NULL: the stack's */
  const char *engine;   /* analytic or des; NULL: analytic */
  const char *phase;    /* inference, train[+...] or a sub-layer; NULL: inference */
  /* Counts; 0: the default. */
  int64_t tp;       /* GPUs: tensor-parallel degree; 1 */
  int64_t pp;       /* stages: pipeline-parallel degree */
  int64_t nodes;    /* servers that the ranks sit on; as many as they need */
  int64_t batch;    /* sequences at once; 1 */
  int64_t prompt;   /* tokens a sequence; 1024 */
  int64_t generate; /* tokens a sequence, the first included; 512; below 0: a prefill alone */
  int64_t dp; /* replicas of the attention, each of tp GPUs, that share the experts; in training of
              all; 1 */
  int64_t ep; /* GPUs that experts are shared out over; 1 */
  int64_t layers;      /* the model cut to so many layers; all */
  int64_t micro_batch; /* sequences that go through the stages at a time; the whole batch */
  int64_t interleave;  /* stages a rank, of a training step over pp ranks; 1 */
};

/* What is answered.  A number that does not exist is NAN: a training step's time to first token,
 * everything of a point that cannot run but what it needs. */
struct tpsim_result {
  char status[320];      /* "ok", or why the point cannot run, with its parts */
  double nodes;          /* servers: that the ranks sit on */
  double ttft_s;         /* s: to the first token: prefill, head and sampling */
  double ttft_low_s;     /* s: its 10 % quantile (lognormal) */
  double ttft_high_s;    /* s: its 90 % quantile */
  double tpot_s;         /* s: per output token: decode time over generate-1 steps */
  double tpot_low_s;     /* s: its 10 % quantile */
  double tpot_high_s;    /* s: its 90 % quantile */
  double e2e_s;          /* s: prefill and all decode steps; or one training step */
  double tokens_per_s;   /* 1/s: batch * generate / e2e_s; of one pass: batch * prompt / e2e_s */
  double speedup;        /* e2e_s of the standard variant at the same point over this one's */
  double comm_s;         /* s: collectives, start to end, summed over the generation; in
                            micro-batches, here and below, of the mean GPU */
  double comm_exposed_s; /* s: part of comm_s with no kernel on the compute stream */
  double compute_s;      /* s: kernels on the compute stream, summed over the generation */
  double memory_bytes; /* bytes: of a GPU, the reserve aside; why a point does not fit says them */
  double fits;         /* 1 where memory_bytes and the stack's reserve are within the device's */
  double flops;        /* floating-point operations of one GPU, whole generation */
  double dram_bytes;   /* bytes: memory traffic of one GPU, whole generation */
  double link_bytes;   /* bytes: payload one GPU sends, one direction, whole generation */
  double comm_exposed_ratio; /* comm_exposed_s over e2e_s */
  double dram_ratio;         /* dram_bytes over those of the standard variant */
};

/* A handle on the data and on what was worked out so far; tpsim_close frees it. */
struct tpsim;

/* `data`: the folder that names are looked up in first, with models/ and platforms/; NULL: none but
 * the installed data, which comes second.  NULL where there is no such folder; `error`, which may
 * be NULL, says why. */
TPSIM_API struct tpsim *tpsim_open(const char *data, struct tpsim_error *error);

/* Estimates one point.  A point that is understood but cannot run is TPSIM_OK with its reason in
 * `status`.  Otherwise the result stays as it was and `error`, which may be NULL, says why.  Files
 * are read once a handle and remembered. */
TPSIM_API int tpsim_estimate(struct tpsim *tpsim, const struct tpsim_point *point,
                             struct tpsim_result *result, struct tpsim_error *error);

TPSIM_API void tpsim_close(struct tpsim *tpsim); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
