#include "run/executor.h"
#include "run/fill_value.h"
#include "verify/check_state.h"
#include "verify/reference.h"

#include <string.h>

static const struct tp_variant *equations_of(const struct tp_check *check)
{
  return check->against != NULL ? check->against : check->variant;
}

static bool ranks_differ(const struct tp_check *check)
{
  return equations_of(check)->architecture->apart && check->request.mesh.tp > 1;
}

enum tp_status tp_check_build(const struct tp_check *check, struct tp_arena *arena,
                              struct tp_check_programs *programs, struct tp_error *error)
{
  struct tp_request request = check->request;
  request.operands = true;
  const struct tp_chunk prompt = request.batch.chunks[0];
  request.kv_capacity = prompt.tokens + check->steps;
  enum tp_status status =
      tp_variant_build(check->variant, &request, arena, &programs->prefill, error);
  request.batch =
      tp_batch_decode(prompt.sequences, check->captured ? request.kv_capacity : prompt.tokens + 1);
  if (status == TP_OK)
    status = tp_variant_build(check->variant, &request, arena, &programs->decode, error);
  return status;
}

static void choose_tokens(struct tp_check_session *session)
{
  const struct tp_check *check = session->check;
  const int64_t n = check->request.batch.chunks[0].sequences * session->length;
  session->tokens = TP_NEW(session->arena, int32_t, n);
  for (int64_t i = 0; i < n; i++)
    session->tokens[i] = (int32_t)(tp_mix64(check->seed * 0x9e3779b97f4a7c15u + (uint64_t)i) %
                                   (uint64_t)check->request.model->vocab);
}

static enum tp_status refer(const struct tp_check_session *session, int rank, float *wanted)
{
  const struct tp_check *check = session->check;
  const struct tp_request *request = &check->request;
  for (int64_t b = 0; b < request->batch.chunks[0].sequences; b++) {
    const struct tp_reference reference = {.model = request->model,
                                           .variant = equations_of(check),
                                           .ranks = request->mesh.tp,
                                           .rank = rank,
                                           .embedding_sharded = request->style.embedding_sharded,
                                           .seed = check->seed,
                                           .dtype = request->dtype,
                                           .length = session->length,
                                           .tokens = &session->tokens[b * session->length]};
    TP_TRY(tp_reference_logits(&reference, &wanted[b * session->length * request->model->vocab],
                               session->error));
  }
  return TP_OK;
}

static enum tp_status refer_all(struct tp_check_session *session)
{
  const struct tp_request *request = &session->check->request;
  const int64_t logits =
      request->batch.chunks[0].sequences * session->length * request->model->vocab;
  session->wanted = TP_NEW(session->arena, float *, session->ranks->n);
  for (int i = 0; i < session->ranks->n; i++) {
    if (i > 0 && !ranks_differ(session->check)) {
      session->wanted[i] = session->wanted[0];
      continue;
    }
    session->wanted[i] = TP_NEW(session->arena, float, logits);
    TP_TRY(refer(session, session->ranks->calls[i]->rank, session->wanted[i]));
  }
  return TP_OK;
}

static enum tp_status bind_all(struct tp_check_session *session)
{
  session->rank = TP_NEW(session->arena, struct tp_check_rank, session->ranks->n);
  for (int i = 0; i < session->ranks->n; i++) {
    struct tp_check_rank *rank = &session->rank[i];
    rank->calls = session->ranks->calls[i];
    rank->store = tp_store_create(rank->calls, session->check->seed, 0);
    TP_TRY(tp_store_bind(rank->store, &session->programs->prefill, session->arena, &rank->prefill,
                         session->error));
    TP_TRY(tp_store_bind(rank->store, &session->programs->decode, session->arena, &rank->decode,
                         session->error));
  }
  return TP_OK;
}

static void release(struct tp_check_rank *rank)
{
  for (int decode = 0; decode < 2; decode++)
    if (rank->graphs[decode] != NULL)
      rank->calls->graph_free(rank->calls->state, rank->graphs[decode]);
  tp_store_free(rank->store);
}

/* A pass of one rank: `n` tokens of every sequence from `first` on. */
static enum tp_status issue(const struct tp_check_session *session,
                            const struct tp_check_rank *rank, bool decode, int64_t first)
{
  const struct tp_binding *binding = tp_check_binding(rank, decode);
  const struct tp_program *program = tp_binding_program(binding);
  const int64_t batch = tp_program_chunk(program)->sequences, n = tp_program_chunk(program)->tokens;
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
  TP_TRY(calls->write(calls->state, tokens.data, values, (size_t)(batch * n) * sizeof *values,
                      session->error));
  TP_TRY(calls->write(calls->state, lengths.data, after, (size_t)batch * sizeof *after,
                      session->error));
  TP_TRY(calls->join(calls->state, session->error));
  if (rank->graphs[decode] != NULL)
    TP_TRY(calls->replay(calls->state, rank->graphs[decode], session->error));
  else
    TP_TRY(tp_execute(calls, binding, session->error));
  return calls->join(calls->state, session->error);
}

static enum tp_status run(const struct tp_check_session *session, bool decode, int64_t first)
{
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(issue(session, &session->rank[i], decode, first));
  if (session->ranks->host != NULL)
    TP_TRY(tp_host_run(session->ranks->host, session->error));
  return TP_OK;
}

/* The same pass once more, captured; what the first left where its result is read is poisoned. */
static enum tp_status capture(const struct tp_check_session *session, struct tp_check_rank *rank,
                              bool decode)
{
  const struct tp_calls *calls = rank->calls;
  const struct tp_binding *binding = tp_check_binding(rank, decode);
  const struct tp_operand logits =
      tp_binding_operand(binding, tp_binding_program(binding)->logits, 0);
  const size_t bytes = tp_check_bytes(&logits);
  void *poison = memset(TP_NEW(session->arena, unsigned char, bytes), 0xff, bytes);
  TP_TRY(tp_execute_capture(calls, binding, &rank->graphs[decode], session->error));
  return calls->write(calls->state, logits.data, poison, bytes, session->error);
}

static enum tp_status run_and_capture(const struct tp_check_session *session, bool decode,
                                      int64_t first)
{
  TP_TRY(run(session, decode, first));
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(session->rank[i].calls->finish(session->rank[i].calls->state, session->error));
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(capture(session, &session->rank[i], decode));
  return TP_OK;
}

static enum tp_status pass(const struct tp_check_session *session, bool decode, int64_t first)
{
  if (session->check->captured && session->rank[0].graphs[decode] == NULL)
    TP_TRY(run_and_capture(session, decode, first));
  TP_TRY(run(session, decode, first));
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(tp_check_compare(session, i, decode, first));
  return TP_OK;
}

static void set_length(const struct tp_check_session *session, int64_t kv_len)
{
  struct tp_program *const program = &session->programs->decode;
  const struct tp_batch batch = tp_batch_decode(tp_program_chunk(program)->sequences, kv_len);
  tp_program_set_contexts(program, &batch);
}

static enum tp_status passes(const struct tp_check_session *session)
{
  const struct tp_check *check = session->check;
  const int64_t prompt = check->request.batch.chunks[0].tokens;
  TP_TRY(pass(session, false, 0));
  for (int step = 0; step < check->steps; step++) {
    if (!check->captured)
      set_length(session, prompt + step + 1);
    TP_TRY(pass(session, true, prompt + step));
  }
  return TP_OK;
}

enum tp_status tp_check_run(const struct tp_check *check, const struct tp_check_ranks *ranks,
                            struct tp_check_programs *programs, struct tp_check_result *result,
                            struct tp_error *error)
{
  *result = (struct tp_check_result){.bound = tp_check_bound(check)};
  struct tp_check_session session = {.check = check,
                                     .ranks = ranks,
                                     .programs = programs,
                                     .arena = tp_arena_create(),
                                     .error = error,
                                     .length = check->request.batch.chunks[0].tokens + check->steps,
                                     .result = result,
                                     .fault = &(struct tp_error){""}};
  choose_tokens(&session);
  enum tp_status status = bind_all(&session);
  if (status == TP_OK)
    status = refer_all(&session);
  if (status == TP_OK)
    status = passes(&session);
  if (status == TP_OK && session.fault->text[0] != '\0')
    status = tp_fail(error, TP_E_CHECK, "%s", session.fault->text);
  for (int i = 0; i < ranks->n; i++)
    release(&session.rank[i]);
  tp_arena_free(session.arena);
  return status;
}
