#ifndef TP_CLI_POINTS_H
#define TP_CLI_POINTS_H
/* The options that say which points to predict, shared by predict, compare, sweep, show-program. */
#include "cli/command.h"
#include "command/table.h"
#include "sweep/grid.h"
#include "sweep/sidecar.h"

/* A line an input column: its name, the option, a letter for it, what stands for a value, help.
 * Options, what they are read into, the grid and the choice of rows to draw come from this list. */
#define TP_POINT_LIST(WORDS, NUMBERS)                                                         \
  TP_POINT_SETUP_LIST(WORDS, NUMBERS)                                                         \
  NUMBERS(batch, "batch", 'b', "LIST", "sequences at once [1]; lists: 1,2,4 or 1:64:x2")      \
  TP_POINT_TOKENS_LIST(WORDS, NUMBERS)                                                        \
  NUMBERS(micro_batch, "micro-batch", '\0', "LIST",                                           \
          "sequences that go through the stages at a time [the batch]")                       \
  NUMBERS(interleave, "interleave", '\0', "LIST", "stages a rank, of training over --pp [1]") \
  TP_POINT_SOFTWARE_LIST(WORDS, NUMBERS)

/* Those that a server is asked by, too. */
#define TP_POINT_SETUP_LIST(WORDS, NUMBERS)                                        \
  WORDS(model, "model", 'm', "M[,M]", "model: name or config.json")                \
  WORDS(platform, "platform", 'p', "P[,P]", "platform: name or file")              \
  NUMBERS(tp, "tp", '\0', "LIST", "tensor-parallel degrees [1]")                   \
  NUMBERS(pp, "pp", '\0', "LIST", "pipeline stages [1]")                           \
  NUMBERS(dp, "dp", '\0', "LIST",                                                  \
          "replicas of the attention that share experts; of all, in training [1]") \
  NUMBERS(ep, "ep", '\0', "LIST", "GPUs that experts are shared out over [1]")     \
  WORDS(variant, "variant", 'v', "V[,V]", "how communication is arranged [standard]")

#define TP_POINT_TOKENS_LIST(WORDS, NUMBERS)                            \
  NUMBERS(prompt, "prompt", '\0', "LIST", "prompt tokens [1024]")       \
  NUMBERS(generate, "generate", '\0', "LIST", "generated tokens [512]") \
  NUMBERS(layers, "layers", '\0', "LIST", "cut the model to so many layers [all]")

#define TP_POINT_SOFTWARE_LIST(WORDS, NUMBERS)                                                     \
  WORDS(stack, "stack", 's', "K[,K]", "software stack [vllm-0.24]")                                \
  WORDS(dtype, "dtype", '\0', "T[,T]",                                                             \
        "fp16, bf16, fp32, fp8, fp8-block, nvfp4, w4a16, w4a16-mxfp4, w4a8-mxfp4 or auto: as the " \
        "checkpoint is [fp16; auto if quantised]")                                                 \
  WORDS(kv_dtype, "kv-dtype", '\0', "T[,T]",                                                       \
        "KV cache: fp16, bf16, fp8, fp32 or auto: that of activations, or as a quantised "         \
        "checkpoint says [auto of such a checkpoint, else the stack's]")                           \
  WORDS(engine, "engine", 'e', "E[,E]", "analytic or des [analytic]")

/* Of the commands that predict. */
#define TP_POINT_PHASE_LIST(WORDS)                                            \
  WORDS(phase, "phase", '\0', "PH[,PH]",                                      \
        "inference, a sub-layer, or train: a step on batch x prompt tokens, " \
        "train+recompute or +selective-recompute, +sequence-parallel, "       \
        "+async-reduce [inference]")

struct tp_points {
#define WORDS(name, option, letter, placeholder, help)   struct tp_words name;
#define NUMBERS(name, option, letter, placeholder, help) struct tp_numbers name;
  /* clang-format off */
  TP_POINT_LIST(WORDS, NUMBERS)
  TP_POINT_PHASE_LIST(WORDS)
  /* clang-format on */
#undef WORDS
#undef NUMBERS
#define TEXT(name, option, placeholder, help)     const char *name;
#define SETTINGS(name, option, placeholder, help) struct tp_words name;
  TP_UNTOLD_LIST(TEXT, SETTINGS)
#undef TEXT
#undef SETTINGS
};

/* Rows for the option table of a command whose values are a `struct args` with `points`. */
#define TP_POINTS_WORDS(name, option, letter, placeholder, help) \
  {option, letter, TP_OPTION_WORDS, offsetof(struct args, points.name), placeholder, help},
#define TP_POINTS_NUMBERS(name, option, letter, placeholder, help) \
  {option, letter, TP_OPTION_NUMBERS, offsetof(struct args, points.name), placeholder, help},
#define TP_POINTS_TEXT(name, option, placeholder, help) \
  {option, '\0', TP_OPTION_TEXT, offsetof(struct args, points.name), placeholder, help},
#define TP_POINTS_SETTINGS(name, option, placeholder, help) \
  {option, '\0', TP_OPTION_SETTINGS, offsetof(struct args, points.name), placeholder, help},
#define TP_POINTS_OPTIONS                           \
  TP_POINT_LIST(TP_POINTS_WORDS, TP_POINTS_NUMBERS) \
  TP_UNTOLD_LIST(TP_POINTS_TEXT, TP_POINTS_SETTINGS)
#define TP_POINTS_PHASE_OPTION TP_POINT_PHASE_LIST(TP_POINTS_WORDS)

/* Lists given on the command line; columns not given stay open. */
enum tp_status tp_points_grid(const struct tp_session *session, const struct tp_points *points,
                              struct tp_grid *grid, struct tp_error *error);

/* What no column tells, of TP_UNTOLD_LIST; NULL: not given. */
enum tp_status tp_points_untold(const struct tp_session *session, const char *detail,
                                const char *collective, struct tp_grid *grid,
                                struct tp_error *error);

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
