#include "fit/nccl_words.h"

#include <ctype.h>
#include <string.h>

/* A name that stands in a longer one comes after it. */
static const struct {
  const char *letters, *program;
  enum tp_nccl_op op;
} ops[] = {
    {"allreduce", "all_reduce_perf", TP_NCCL_ALL_REDUCE},
    {"allgather", "all_gather_perf", TP_NCCL_ALL_GATHER},
    {"reducescatter", "reduce_scatter_perf", TP_NCCL_REDUCE_SCATTER},
    {"alltoallv", "alltoallv_perf", TP_NCCL_ALL_TO_ALL_V},
    {"alltoall", "alltoall_perf", TP_NCCL_ALL_TO_ALL},
    {"sendrecv", "sendrecv_perf", TP_NCCL_SEND_RECV},
    {"broadcast", "broadcast_perf", TP_NCCL_BROADCAST},
    {"hypercube", "hypercube_perf", TP_NCCL_HYPERCUBE},
    {"scatter", "scatter_perf", TP_NCCL_SCATTER},
    {"gather", "gather_perf", TP_NCCL_GATHER},
    {"reduce", "reduce_perf", TP_NCCL_REDUCE},
};
enum { N_OPS = sizeof ops / sizeof ops[0], MOST_LETTERS = 48 };

const char *tp_nccl_op_name(enum tp_nccl_op op)
{
  static const char *const names[] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all",
                                      "alltoallv",  "sendrecv",   "broadcast",      "hypercube",
                                      "scatter",    "gather",     "reduce"};
  return op < TP_NCCL_UNNAMED ? names[op] : "";
}

/* Letters and digits in lower case: "Out-of-place time (us)" -> "outofplacetimeus". */
static void squeeze(const char *name, char letters[MOST_LETTERS])
{
  size_t n = 0;
  for (; *name != '\0' && n + 1 < MOST_LETTERS; name++)
    if (isalnum((unsigned char)*name))
      letters[n++] = (char)tolower((unsigned char)*name);
  letters[n] = '\0';
}

enum tp_nccl_op tp_nccl_op_of(const char *word)
{
  char letters[MOST_LETTERS];
  squeeze(word, letters);
  for (size_t i = 0; i < N_OPS; i++)
    if (strstr(letters, ops[i].letters) != NULL)
      return ops[i].op;
  return TP_NCCL_UNNAMED;
}

static bool in_name(char letter)
{
  return isalnum((unsigned char)letter) || letter == '_' || letter == '-';
}

enum tp_nccl_op tp_nccl_op_run(const char *line)
{
  for (size_t i = 0; i < N_OPS; i++) {
    const size_t length = strlen(ops[i].program);
    for (const char *at = strstr(line, ops[i].program); at != NULL;
         at = strstr(at + 1, ops[i].program))
      if ((at == line || !in_name(at[-1])) && !in_name(at[length]))
        return ops[i].op;
  }
  return strstr(line, "all_to_all_perf") != NULL ? TP_NCCL_ALL_TO_ALL : TP_NCCL_UNNAMED;
}

bool tp_nccl_type(const char *word, const char **dtype)
{
  static const struct {
    const char *name, *dtype;
  } types[] = {
      {"float", "fp32"},   {"half", "fp16"},    {"bfloat16", "bf16"}, {"fp8_e4m3", "fp8"},
      {"fp8_e5m2", "fp8"}, {"f8e4m3", "fp8"},   {"f8e5m2", "fp8"},    {"int8", "fp8"},
      {"uint8", "fp8"},    {"int32", "fp32"},   {"uint32", "fp32"},   {"char", "fp8"},
      {"int", "fp32"},     {"double", NULL},    {"int64", NULL},      {"uint64", NULL},
      {"float32", "fp32"}, {"float16", "fp16"}, {"float64", NULL},    {"bf16", "bf16"},
  };
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strcmp(word, types[i].name) == 0) {
      *dtype = types[i].dtype;
      return true;
    }
  return false;
}

static bool is_one_of(const char *word, const char *const *words)
{
  while (*words != NULL && strcmp(word, *words) != 0)
    words++;
  return *words != NULL;
}

/* Microseconds are meant where no unit stands. */
static bool is_in_another_unit(const char *letters)
{
  static const char *const units[] = {"timems", "timens", "times", "timesec", "timeseconds", NULL};
  for (size_t i = 0; units[i] != NULL; i++) {
    const char *const at = strstr(letters, units[i]);
    if (at != NULL && at[strlen(units[i])] == '\0')
      return true;
  }
  return false;
}

static enum tp_nccl_field time_of(const char *letters)
{
  static const char *const others[] = {"stamp", "start", "end", "total", "timeout", NULL};
  for (size_t i = 0; others[i] != NULL; i++)
    if (strstr(letters, others[i]) != NULL && strstr(letters, "outofplace") == NULL)
      return TP_NCCL_NOTHING;
  if (is_in_another_unit(letters))
    return TP_NCCL_NOTHING;
  if (strstr(letters, "cpu") != NULL)
    return TP_NCCL_TIME_CPU;
  const bool in_place = strstr(letters, "inplace") != NULL || strncmp(letters, "ip", 2) == 0 ||
                        strcmp(letters, "timeip") == 0;
  return in_place ? TP_NCCL_TIME_IN_PLACE : TP_NCCL_TIME;
}

enum tp_nccl_field tp_nccl_field_of(const char *name)
{
  static const char *const sizes[] = {"size",        "bytes",  "sizeb",    "sizebytes", "msgsize",
                                      "messagesize", "nbytes", "numbytes", NULL};
  static const char *const types[] = {"type", "dtype", "datatype", "typename", NULL};
  static const char *const ranks[] = {"ranks", "nranks", "numranks", "worldsize", NULL};
  static const char *const redops[] = {"redop", "redoperation", "reduceop", "reductionop", NULL};
  static const char *const collectives[] = {"collective", "collectivename", "coll", "op",
                                            "operation",  "test",           "name", NULL};
  char letters[MOST_LETTERS];
  squeeze(name, letters);
  if (is_one_of(letters, sizes))
    return TP_NCCL_SIZE;
  if (is_one_of(letters, types))
    return TP_NCCL_TYPE;
  if (is_one_of(letters, ranks))
    return TP_NCCL_RANKS;
  if (is_one_of(letters, collectives))
    return TP_NCCL_COLLECTIVE;
  if (is_one_of(letters, redops))
    return TP_NCCL_REDOP;
  if (strcmp(letters, "root") == 0)
    return TP_NCCL_ROOT;
  if (strcmp(letters, "inplace") == 0)
    return TP_NCCL_IN_PLACE;
  if (strstr(letters, "wrong") != NULL)
    return TP_NCCL_WRONG;
  if (strstr(letters, "algbw") != NULL)
    return TP_NCCL_ALGBW;
  return strstr(letters, "time") != NULL ? time_of(letters) : TP_NCCL_NOTHING;
}
