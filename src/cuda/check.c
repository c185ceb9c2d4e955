#include "cuda/check.h"

#include "cuda/element.h"
#include "cuda/executor.h"
#include "cuda/fill_value.h"
#include "cuda/reference.h"
#include "numeric/accuracy.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A rank with its memory and what it is bound to. */
struct rank {
  const struct tp_calls *calls;
  struct tp_store *store;
  struct tp_binding *prefill, *decode;
  struct tp_graph *graphs[2]; /* prefill, decode */
};

struct session {
  const struct tp_check *check;
  const struct tp_check_ranks *ranks;
  struct tp_check_programs *programs;
  struct tp_arena *arena;
  struct tp_error *error;
  int64_t length;    /* tokens of a sequence, in all */
  int32_t *tokens;   /* [batch, length] */
  float **wanted;    /* a rank: [batch, length, vocab] */
  struct rank *rank; /* of this process */
  struct tp_check_result *result;
  struct tp_error *fault; /* the first; "": none so far */
};

static bool ranks_differ(const struct tp_check *check)
{
  return strcmp(check->variant->architecture->name, "no-comm") == 0 && check->request.tp > 1;
}

enum tp_status tp_check_build(const struct tp_check *check, struct tp_arena *arena,
                              struct tp_check_programs *programs, struct tp_error *error)
{
  struct tp_request request = check->request;
  request.operands = true;
  request.kv_capacity = request.prompt + check->steps;
  request.phase = TP_PREFILL;
  enum tp_status status =
      tp_variant_build(check->variant, &request, arena, &programs->prefill, error);
  request.phase = TP_DECODE;
  request.kv_len = check->captured ? request.kv_capacity : request.prompt + 1;
  if (status == TP_OK)
    status = tp_variant_build(check->variant, &request, arena, &programs->decode, error);
  return status;
}

static void choose_tokens(struct session *session)
{
  const struct tp_check *check = session->check;
  const int64_t n = check->request.batch * session->length;
  session->tokens = TP_NEW(session->arena, int32_t, n);
  for (int64_t i = 0; i < n; i++)
    session->tokens[i] = (int32_t)(tp_mix64(check->seed * 0x9e3779b97f4a7c15u + (uint64_t)i) %
                                   (uint64_t)check->request.model->vocab);
}

static enum tp_status refer(const struct session *session, int rank, float *wanted)
{
  const struct tp_check *check = session->check;
  const struct tp_request *request = &check->request;
  enum tp_status status = TP_OK;
  for (int64_t b = 0; b < request->batch && status == TP_OK; b++) {
    const struct tp_reference reference = {.model = request->model,
                                           .variant = check->variant,
                                           .ranks = request->tp,
                                           .rank = rank,
                                           .embedding_sharded = request->style.embedding_sharded,
                                           .seed = check->seed,
                                           .dtype = request->dtype,
                                           .length = session->length,
                                           .tokens = &session->tokens[b * session->length]};
    status = tp_reference_logits(&reference, &wanted[b * session->length * request->model->vocab],
                                 session->error);
  }
  return status;
}

static enum tp_status refer_all(struct session *session)
{
  const struct tp_request *request = &session->check->request;
  const int64_t logits = request->batch * session->length * request->model->vocab;
  session->wanted = TP_NEW(session->arena, float *, session->ranks->n);
  enum tp_status status = TP_OK;
  for (int i = 0; i < session->ranks->n && status == TP_OK; i++) {
    if (i > 0 && !ranks_differ(session->check)) {
      session->wanted[i] = session->wanted[0];
      continue;
    }
    session->wanted[i] = TP_NEW(session->arena, float, logits);
    status = refer(session, session->ranks->calls[i]->rank, session->wanted[i]);
  }
  return status;
}

static enum tp_status bind_all(struct session *session)
{
  enum tp_status status = TP_OK;
  session->rank = TP_NEW(session->arena, struct rank, session->ranks->n);
  for (int i = 0; i < session->ranks->n && status == TP_OK; i++) {
    struct rank *rank = &session->rank[i];
    rank->calls = session->ranks->calls[i];
    rank->store = tp_store_create(rank->calls, session->check->seed, 0);
    status = tp_store_bind(rank->store, &session->programs->prefill, session->arena, &rank->prefill,
                           session->error);
    if (status == TP_OK)
      status = tp_store_bind(rank->store, &session->programs->decode, session->arena, &rank->decode,
                             session->error);
  }
  return status;
}

static const struct tp_binding *binding_of(const struct rank *rank, bool decode)
{
  return decode ? rank->decode : rank->prefill;
}

static void release(struct rank *rank)
{
  for (int decode = 0; decode < 2; decode++)
    if (rank->graphs[decode] != NULL)
      rank->calls->graph_free(rank->calls->state, rank->graphs[decode]);
  tp_store_free(rank->store);
}

/* A pass of one rank: `n` tokens of every sequence from `first` on. */
static enum tp_status issue(const struct session *session, const struct rank *rank, bool decode,
                            int64_t first)
{
  const struct tp_binding *binding = binding_of(rank, decode);
  const struct tp_program *program = tp_binding_program(binding);
  const int64_t batch = program->batch, n = program->query_len;
  const struct tp_operand tokens = tp_binding_operand(binding, program->tokens, 0);
  const struct tp_operand lengths = tp_binding_operand(binding, program->lengths, 0);
  int32_t *values = TP_NEW(session->arena, int32_t, batch * n);
  int32_t *after = TP_NEW(session->arena, int32_t, batch);
  for (int64_t b = 0; b < batch; b++) {
    memcpy(&values[b * n], &session->tokens[b * session->length + first],
           (size_t)n * sizeof *values);
    after[b] = (int32_t)(first + n);
  }
  const struct tp_calls *calls = rank->calls;
  enum tp_status status = calls->write(calls->state, tokens.data, values,
                                       (size_t)(batch * n) * sizeof *values, session->error);
  if (status == TP_OK)
    status = calls->write(calls->state, lengths.data, after, (size_t)batch * sizeof *after,
                          session->error);
  if (status == TP_OK)
    status = calls->join(calls->state, session->error);
  if (status == TP_OK && rank->graphs[decode] != NULL)
    status = calls->replay(calls->state, rank->graphs[decode], session->error);
  else if (status == TP_OK)
    status = tp_execute(calls, binding, session->error);
  return status == TP_OK ? calls->join(calls->state, session->error) : status;
}

static enum tp_status run(const struct session *session, bool decode, int64_t first)
{
  enum tp_status status = TP_OK;
  for (int i = 0; i < session->ranks->n && status == TP_OK; i++)
    status = issue(session, &session->rank[i], decode, first);
  if (status == TP_OK && session->ranks->host != NULL)
    status = tp_host_run(session->ranks->host, session->error);
  return status;
}

static size_t bytes_of(const struct tp_operand *operand)
{
  return (size_t)(operand->rows * operand->row_elements) *
         (size_t)tp_tensor_element_bytes(operand->tensor);
}

/* The same pass once more, captured; what the first left where its result is read is poisoned. */
static enum tp_status capture(const struct session *session, struct rank *rank, bool decode)
{
  const struct tp_calls *calls = rank->calls;
  const struct tp_binding *binding = binding_of(rank, decode);
  const struct tp_operand logits =
      tp_binding_operand(binding, tp_binding_program(binding)->logits, 0);
  const size_t bytes = bytes_of(&logits);
  void *poison = memset(TP_NEW(session->arena, unsigned char, bytes), 0xff, bytes);
  const enum tp_status status =
      tp_execute_capture(calls, binding, &rank->graphs[decode], session->error);
  return status == TP_OK ? calls->write(calls->state, logits.data, poison, bytes, session->error)
                         : status;
}

static enum tp_status run_and_capture(const struct session *session, bool decode, int64_t first)
{
  enum tp_status status = run(session, decode, first);
  for (int i = 0; i < session->ranks->n && status == TP_OK; i++)
    status = session->rank[i].calls->finish(session->rank[i].calls->state, session->error);
  for (int i = 0; i < session->ranks->n && status == TP_OK; i++)
    status = capture(session, &session->rank[i], decode);
  return status;
}

/* The logits of a pass as a rank has them: [rows, columns], columns from `first` of the vocabulary
 * on; what was gathered lies in parts one below the other. */
struct logits {
  const struct tp_operand *operand;
  const unsigned char *bytes;
  int64_t rows, first, columns;
};

static const char *text_of(enum tp_dtype dtype)
{
  static const char *const names[] = TP_DTYPE_NAMES;
  return names[dtype];
}

static float logit(const struct logits *logits, int64_t row, int64_t column)
{
  const struct tp_operand *operand = logits->operand;
  const int64_t part = column / operand->columns, inside = column % operand->columns;
  const int64_t at = (part * logits->rows + row) * operand->row_elements + inside;
  return tp_element_value(operand->tensor->dtype, logits->bytes, at);
}

static enum tp_status read_logits(const struct session *session, const struct rank *rank,
                                  const struct tp_binding *binding, struct tp_operand *operand,
                                  struct logits *logits)
{
  const struct tp_program *program = tp_binding_program(binding);
  const struct tp_request *request = &session->check->request;
  *operand = tp_binding_operand(binding, program->logits, 0);
  const size_t bytes = bytes_of(operand);
  unsigned char *memory = TP_NEW(session->arena, unsigned char, bytes);
  const bool all = request->style.all_positions && program->phase == TP_PREFILL;
  const int64_t vocab = request->model->vocab;
  const int64_t rows = program->batch * (all ? program->query_len : 1);
  const bool own = operand->rows == rows && operand->columns < vocab;
  const int64_t first = own ? rank->calls->rank * operand->columns : 0;
  const int64_t last = own ? first + operand->columns : vocab;
  *logits = (struct logits){.operand = operand,
                            .bytes = memory,
                            .rows = rows,
                            .first = first,
                            .columns = (last < vocab ? last : vocab) - first};
  return rank->calls->read(rank->calls->state, memory, operand->data, bytes, session->error);
}

/* Faults do not end the check: other ranks may be waiting for this one. */
static bool is_first_fault(const struct session *session)
{
  return session->fault->text[0] == '\0';
}

static void compare(const struct session *session, const struct rank *rank,
                    const struct tp_binding *binding, const struct logits *logits,
                    const float *wanted, int64_t first)
{
  const struct tp_program *program = tp_binding_program(binding);
  const int64_t vocab = session->check->request.model->vocab;
  const int64_t each = logits->rows / program->batch; /* rows of a sequence: the last ones */
  struct tp_check_result *result = session->result;
  for (int64_t row = 0; row < logits->rows; row++) {
    const int64_t position = first + program->query_len - each + row % each;
    const float *want = &wanted[(row / each * session->length + position) * vocab];
    struct tp_accuracy accuracy = {0};
    for (int64_t i = 0; i < logits->columns; i++)
      tp_accuracy_add(&accuracy, (double)want[logits->first + i], (double)logit(logits, row, i));
    const double error = accuracy.error2 == 0 ? 0 : tp_accuracy_relative(&accuracy);
    if (!(error <= result->error) && !isnan(result->error))
      result->error = error;
    if (!(error <= result->bound) && is_first_fault(session))
      tp_fail(session->fault, TP_E_CHECK,
              "%s: rank %d of %d errs by %.2g at position %" PRId64 " of sequence %" PRId64
              ", %s explains %.2g",
              program->title, rank->calls->rank, rank->calls->ranks, error, position, row / each,
              text_of(session->check->request.dtype), result->bound);
  }
}

/* The next token is the likeliest of those that the rank has logits of. */
static enum tp_status compare_next(const struct session *session, const struct rank *rank,
                                   const struct tp_binding *binding, const struct logits *logits)
{
  const struct tp_program *program = tp_binding_program(binding);
  const struct tp_operand operand = tp_binding_operand(binding, program->next, 0);
  int32_t *next = TP_NEW(session->arena, int32_t, program->batch);
  const enum tp_status status =
      rank->calls->read(rank->calls->state, next, operand.data,
                        (size_t)program->batch * sizeof *next, session->error);
  if (status != TP_OK || logits->columns < session->check->request.model->vocab)
    return status; /* the rest of them decide, too */
  const int64_t each = logits->rows / program->batch;
  for (int64_t b = 0; b < program->batch; b++) {
    const int64_t row = b * each + each - 1;
    for (int64_t i = 0; i < logits->columns; i++)
      if (is_first_fault(session) && (next[b] < 0 || next[b] >= logits->columns ||
                                      logit(logits, row, i) > logit(logits, row, next[b])))
        tp_fail(session->fault, TP_E_CHECK,
                "%s: rank %d of %d goes on with token %d in sequence %" PRId64 ", and %" PRId64
                " is likelier",
                program->title, rank->calls->rank, rank->calls->ranks, (int)next[b], b, i);
  }
  return TP_OK;
}

static enum tp_status pass(const struct session *session, bool decode, int64_t first)
{
  const struct tp_check_ranks *ranks = session->ranks;
  enum tp_status status = TP_OK;
  if (session->check->captured && session->rank[0].graphs[decode] == NULL)
    status = run_and_capture(session, decode, first);
  if (status == TP_OK)
    status = run(session, decode, first);
  for (int i = 0; i < ranks->n && status == TP_OK; i++) {
    const struct rank *rank = &session->rank[i];
    const struct tp_binding *binding = binding_of(rank, decode);
    struct tp_operand operand;
    struct logits logits;
    status = read_logits(session, rank, binding, &operand, &logits);
    if (status != TP_OK)
      return status;
    compare(session, rank, binding, &logits, session->wanted[i], first);
    status = compare_next(session, rank, binding, &logits);
  }
  return status;
}

static enum tp_status passes(const struct session *session)
{
  const struct tp_check *check = session->check;
  enum tp_status status = pass(session, false, 0);
  for (int step = 0; step < check->steps && status == TP_OK; step++) {
    if (!check->captured)
      tp_program_set_kv_len(&session->programs->decode, check->request.prompt + step + 1);
    status = pass(session, true, check->request.prompt + step);
  }
  return status;
}

enum tp_status tp_check_run(const struct tp_check *check, const struct tp_check_ranks *ranks,
                            struct tp_check_programs *programs, struct tp_check_result *result,
                            struct tp_error *error)
{
  *result = (struct tp_check_result){.bound = tp_check_bound(check)};
  struct session session = {.check = check,
                            .ranks = ranks,
                            .programs = programs,
                            .arena = tp_arena_create(),
                            .error = error,
                            .length = check->request.prompt + check->steps,
                            .result = result,
                            .fault = &(struct tp_error){""}};
  choose_tokens(&session);
  enum tp_status status = bind_all(&session);
  if (status == TP_OK)
    status = refer_all(&session);
  if (status == TP_OK)
    status = passes(&session);
  if (status == TP_OK && !is_first_fault(&session))
    status = tp_fail(error, TP_E_CHECK, "%s", session.fault->text);
  for (int i = 0; i < ranks->n; i++)
    release(&session.rank[i]);
  tp_arena_free(session.arena);
  return status;
}
