#ifndef TP_CLI_POINTS_H
#define TP_CLI_POINTS_H
/* The options that say which points to predict, shared by predict, compare, sweep, show-program. */
#include "cli/command.h"
#include "command/table.h"
#include "sweep/grid.h"

struct tp_points {
  struct tp_words model, platform, stack, variant, dtype, kv_dtype, engine, phase, sets;
  struct tp_numbers tp, pp, dp, ep, batch, prompt, generate, layers;
  const char *device, *detail, *collective;
};

/* Rows for the option table of a command whose values struct has `struct tp_points points`. */
#define TP_POINTS_OPTION(args, name, kind, placeholder, help)                \
  {                                                                          \
#name, '\0', kind, offsetof(struct args, points.name), placeholder, help \
  }
#define TP_POINTS_OPTIONS(args)                                                                   \
  {"model",         'm',                                                                          \
   TP_OPTION_WORDS, offsetof(struct args, points.model),                                          \
   "M[,M]",         "model: name or config.json"},                                                \
      {"platform",      'p',                                                                      \
       TP_OPTION_WORDS, offsetof(struct args, points.platform),                                   \
       "P[,P]",         "platform: name or file"},                                                \
      TP_POINTS_OPTION(args, device, TP_OPTION_TEXT, "D", TP_DEVICE_HELP),                        \
      TP_POINTS_OPTION(args, tp, TP_OPTION_NUMBERS, "LIST", "tensor-parallel degrees [1]"),       \
      TP_POINTS_OPTION(args, pp, TP_OPTION_NUMBERS, "LIST", "pipeline stages [1]"),               \
      TP_POINTS_OPTION(args, dp, TP_OPTION_NUMBERS, "LIST",                                       \
                       "replicas of the attention that share experts [1]"),                       \
      TP_POINTS_OPTION(args, ep, TP_OPTION_NUMBERS, "LIST",                                       \
                       "GPUs that experts are shared out over [1]"),                              \
      {"variant",       'v',                                                                      \
       TP_OPTION_WORDS, offsetof(struct args, points.variant),                                    \
       "V[,V]",         "how communication is arranged [standard]"},                              \
      {"batch",                                                                                   \
       'b',                                                                                       \
       TP_OPTION_NUMBERS,                                                                         \
       offsetof(struct args, points.batch),                                                       \
       "LIST",                                                                                    \
       "sequences at once [1]; lists: 1,2,4 or 1:64:x2"},                                         \
      TP_POINTS_OPTION(args, prompt, TP_OPTION_NUMBERS, "LIST", "prompt tokens [1024]"),          \
      TP_POINTS_OPTION(args, generate, TP_OPTION_NUMBERS, "LIST", "generated tokens [512]"),      \
      TP_POINTS_OPTION(args, layers, TP_OPTION_NUMBERS, "LIST",                                   \
                       "cut the model to so many layers [all]"),                                  \
      {"stack",         's',                                                                      \
       TP_OPTION_WORDS, offsetof(struct args, points.stack),                                      \
       "K[,K]",         "software stack [vllm-0.24]"},                                            \
      TP_POINTS_OPTION(args, dtype, TP_OPTION_WORDS, "T[,T]",                                     \
                       "fp16, bf16, fp32, fp8, fp8-block, nvfp4, w4a16, w4a16-mxfp4, w4a8-mxfp4 " \
                       "or auto: as the "                                                         \
                       "checkpoint is [fp16; auto if quantised]"),                                \
      {"kv-dtype",                                                                                \
       '\0',                                                                                      \
       TP_OPTION_WORDS,                                                                           \
       offsetof(struct args, points.kv_dtype),                                                    \
       "T[,T]",                                                                                   \
       "KV cache: fp16, bf16, fp8, fp32 or auto: that of activations, or as a quantised "         \
       "checkpoint says [auto of such a checkpoint, else the stack's]"},                          \
      {"engine",        'e',                                                                      \
       TP_OPTION_WORDS, offsetof(struct args, points.engine),                                     \
       "E[,E]",         "analytic or des [analytic]"},                                            \
      {"collective-detail",                                                                       \
       '\0',                                                                                      \
       TP_OPTION_TEXT,                                                                            \
       offsetof(struct args, points.detail),                                                      \
       "D",                                                                                       \
       "des: flow, step or chunk [flow]"},                                                        \
      {"collective",                                                                              \
       '\0',                                                                                      \
       TP_OPTION_TEXT,                                                                            \
       offsetof(struct args, points.collective),                                                  \
       "C",                                                                                       \
       "all-reduces by stack, auto (the fastest), ring, tree, nvls ... [stack]"},                 \
  {                                                                                               \
    "set", '\0', TP_OPTION_REPEATED, offsetof(struct args, points.sets), "KEY=VALUE",             \
        "change one value of platform, device or stack for this run"                              \
  }

/* Of the commands that predict. */
#define TP_PHASE_OPTION(args)                                                            \
  TP_POINTS_OPTION(                                                                      \
      args, phase, TP_OPTION_WORDS, "PH[,PH]",                                           \
      "inference, train[+recompute][+sequence-parallel][+async-reduce] or a sub-layer; " \
      "train: a step on batch x prompt tokens [inference]")

/* Lists given on the command line; columns not given stay open. */
enum tp_status tp_points_grid(const struct tp_session *session, const struct tp_points *points,
                              struct tp_grid *grid, struct tp_error *error);

/* What a command was asked whose arguments are all options. */
struct tp_asked {
  struct tp_catalog catalog;
  struct tp_grid grid; /* not checked yet */
  enum tp_format format;
};
enum tp_status tp_asked_read(const struct tp_session *session, const struct tp_words *positional,
                             const struct tp_points *points, const char *format,
                             struct tp_asked *asked, struct tp_error *error);

/* Predicts every point of a checked grid.  Rows are in the session's arena. */
enum tp_status tp_points_predict(struct tp_session *session, const struct tp_grid *grid,
                                 struct tp_catalog *catalog, struct tp_prediction **rows,
                                 size_t *n_rows, struct tp_error *error);
#endif
