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

/* What a step of the batch brings to each sequence. */
static void add_tokens(const struct tp_batch *batch, int64_t *done)
{
  for (int i = 0; i < batch->n; i++)
    for (int64_t s = 0; s < batch->chunks[i].sequences; s++)
      *done++ += batch->chunks[i].tokens;
}

/* Tokens of each sequence before those that are decoded. */
static int64_t *prompts_of(const struct tp_check *check, struct tp_arena *arena)
{
  int64_t *done = TP_NEW(arena, int64_t, tp_batch_sequences(&check->request.batch));
  add_tokens(&check->request.batch, done);
  for (int i = 0; i < check->n_between; i++)
    add_tokens(&check->between[i], done);
  return done;
}

static int64_t longest(const struct tp_check *check, const int64_t *done)
{
  int64_t most = 0;
  for (int64_t s = 0; s < tp_batch_sequences(&check->request.batch); s++)
    most = done[s] > most ? done[s] : most;
  return most;
}

/* One more token a sequence: a chunk of those next to each other that are as long before
 * decoding.  A graph reads as far as there is room. */
static struct tp_batch decode_of(const struct tp_check *check, const int64_t *prompts, int64_t step)
{
  const int64_t room = longest(check, prompts) + check->steps;
  struct tp_batch batch = {.n = 0};
  for (int64_t s = 0; s < tp_batch_sequences(&check->request.batch); s++) {
    if (s == 0 || prompts[s] != prompts[s - 1])
      batch.chunks[batch.n++] =
          (struct tp_chunk){0, 1, check->captured ? room - 1 : prompts[s] + step};
    batch.chunks[batch.n - 1].sequences++;
  }
  return batch;
}

enum tp_status tp_check_build(const struct tp_check *check, struct tp_arena *arena,
                              struct tp_check_programs *programs, struct tp_error *error)
{
  const int64_t *prompts = prompts_of(check, arena);
  struct tp_request request = check->request;
  request.operands = true;
  request.kv_capacity = longest(check, prompts) + check->steps;
  TP_TRY(tp_variant_build(check->variant, &request, arena, &programs->prefill, error));
  for (int i = 0; i < check->n_between; i++) {
    request.batch = check->between[i];
    TP_TRY(tp_variant_build(check->variant, &request, arena, &programs->between[i], error));
  }
  request.batch = decode_of(check, prompts, 0);
  return tp_variant_build(check->variant, &request, arena, &programs->decode, error);
}

static void choose_tokens(struct tp_check_session *session)
{
  const struct tp_check *check = session->check;
  const int64_t n = session->sequences * session->length;
  session->tokens = TP_NEW(session->arena, int32_t, n);
  for (int64_t i = 0; i < n; i++)
    session->tokens[i] = (int32_t)(tp_mix64(check->seed * 0x9e3779b97f4a7c15u + (uint64_t)i) %
                                   (uint64_t)check->request.model->vocab);
}

static enum tp_status refer(const struct tp_check_session *session, int rank, float *wanted)
{
  const struct tp_check *check = session->check;
  const struct tp_request *request = &check->request;
  const struct tp_reference reference = {.model = request->model,
                                         .variant = equations_of(check),
                                         .ranks = request->mesh.tp,
                                         .rank = rank,
                                         .embedding_sharded = request->style.embedding_sharded,
                                         .seed = check->seed,
                                         .dtype = request->dtype,
                                         .sequences = session->sequences,
                                         .length = session->length,
                                         .tokens = session->tokens};
  return tp_reference_logits(&reference, wanted, session->error);
}

static enum tp_status refer_all(struct tp_check_session *session)
{
  const struct tp_request *request = &session->check->request;
  const int64_t logits = session->sequences * session->length * request->model->vocab;
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

static struct tp_program *program_of(const struct tp_check_session *session, int which)
{
  struct tp_check_programs *const programs = session->programs;
  return which == TP_CHECK_PREFILL  ? &programs->prefill
         : which == TP_CHECK_DECODE ? &programs->decode
                                    : &programs->between[which - TP_CHECK_BETWEEN];
}

static enum tp_status bind_all(struct tp_check_session *session)
{
  session->rank = TP_NEW(session->arena, struct tp_check_rank, session->ranks->n);
  for (int i = 0; i < session->ranks->n; i++) {
    struct tp_check_rank *rank = &session->rank[i];
    rank->calls = session->ranks->calls[i];
    rank->store = tp_store_create(rank->calls, session->check->seed, 0);
    for (int which = 0; which < TP_CHECK_BETWEEN + session->check->n_between; which++)
      TP_TRY(tp_store_bind(rank->store, program_of(session, which), session->arena,
                           &rank->bindings[which], session->error));
  }
  return TP_OK;
}

static void release(struct tp_check_rank *rank)
{
  for (int which = 0; which < TP_CHECK_PROGRAMS; which++)
    if (rank->graphs[which] != NULL)
      rank->calls->graph_free(rank->calls->state, rank->graphs[which]);
  tp_store_free(rank->store);
}

/* What a pass reads: the next tokens of every sequence, and how long it is with them. */
static enum tp_status write_inputs(const struct tp_check_session *session,
                                   const struct tp_check_rank *rank, int which)
{
  const struct tp_binding *binding = rank->bindings[which];
  const struct tp_program *program = tp_binding_program(binding);
  const struct tp_batch *batch = &program->batch;
  const struct tp_operand tokens = tp_binding_operand(binding, program->tokens, 0);
  const struct tp_operand lengths = tp_binding_operand(binding, program->lengths, 0);
  int32_t *values = TP_NEW(session->arena, int32_t, tokens.rows);
  int32_t *after = TP_NEW(session->arena, int32_t, lengths.rows);
  int64_t row = 0, s = 0;
  for (int i = 0; i < batch->n; i++)
    for (int64_t n = batch->chunks[i].tokens, end = s + batch->chunks[i].sequences; s < end; s++) {
      memcpy(&values[row], &session->tokens[s * session->length + session->done[s]],
             (size_t)n * sizeof *values);
      after[s] = (int32_t)(session->done[s] + n);
      row += n;
    }
  const struct tp_calls *calls = rank->calls;
  TP_TRY(calls->write(calls->state, tokens.data, values, (size_t)tokens.rows * sizeof *values,
                      session->error));
  return calls->write(calls->state, lengths.data, after, (size_t)lengths.rows * sizeof *after,
                      session->error);
}

/* A pass of one rank, from where sequences are done. */
static enum tp_status issue(const struct tp_check_session *session,
                            const struct tp_check_rank *rank, int which)
{
  const struct tp_calls *calls = rank->calls;
  TP_TRY(write_inputs(session, rank, which));
  TP_TRY(calls->join(calls->state, session->error));
  if (rank->graphs[which] != NULL)
    TP_TRY(calls->replay(calls->state, rank->graphs[which], session->error));
  else
    TP_TRY(tp_execute(calls, rank->bindings[which], session->error));
  return calls->join(calls->state, session->error);
}

static enum tp_status run(const struct tp_check_session *session, int which)
{
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(issue(session, &session->rank[i], which));
  if (session->ranks->host != NULL)
    TP_TRY(tp_host_run(session->ranks->host, session->error));
  return TP_OK;
}

/* The same pass once more, captured; what the first left where its result is read is poisoned. */
static enum tp_status capture(const struct tp_check_session *session, struct tp_check_rank *rank,
                              int which)
{
  const struct tp_calls *calls = rank->calls;
  const struct tp_binding *binding = rank->bindings[which];
  const struct tp_operand logits =
      tp_binding_operand(binding, tp_binding_program(binding)->logits, 0);
  const size_t bytes = tp_check_bytes(&logits);
  void *poison = memset(TP_NEW(session->arena, unsigned char, bytes), 0xff, bytes);
  TP_TRY(tp_execute_capture(calls, binding, &rank->graphs[which], session->error));
  return calls->write(calls->state, logits.data, poison, bytes, session->error);
}

static enum tp_status run_and_capture(const struct tp_check_session *session, int which)
{
  TP_TRY(run(session, which));
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(session->rank[i].calls->finish(session->rank[i].calls->state, session->error));
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(capture(session, &session->rank[i], which));
  return TP_OK;
}

static enum tp_status pass(const struct tp_check_session *session, int which)
{
  if (session->check->captured && session->rank[0].graphs[which] == NULL)
    TP_TRY(run_and_capture(session, which));
  TP_TRY(run(session, which));
  for (int i = 0; i < session->ranks->n; i++)
    TP_TRY(tp_check_compare(session, i, which));
  add_tokens(&program_of(session, which)->batch, session->done);
  return TP_OK;
}

static enum tp_status passes(const struct tp_check_session *session)
{
  const struct tp_check *check = session->check;
  const int64_t *prompts = prompts_of(check, session->arena);
  TP_TRY(pass(session, TP_CHECK_PREFILL));
  for (int i = 0; i < check->n_between; i++)
    TP_TRY(pass(session, TP_CHECK_BETWEEN + i));
  for (int step = 0; step < check->steps; step++) {
    const struct tp_batch batch = decode_of(check, prompts, step);
    tp_program_set_contexts(&session->programs->decode, &batch);
    TP_TRY(pass(session, TP_CHECK_DECODE));
  }
  return TP_OK;
}

enum tp_status tp_check_run(const struct tp_check *check, const struct tp_check_ranks *ranks,
                            struct tp_check_programs *programs, struct tp_check_result *result,
                            struct tp_error *error)
{
  *result = (struct tp_check_result){.bound = tp_check_bound(check)};
  struct tp_arena *arena = tp_arena_create();
  const int64_t sequences = tp_batch_sequences(&check->request.batch);
  struct tp_check_session session = {.check = check,
                                     .ranks = ranks,
                                     .programs = programs,
                                     .arena = arena,
                                     .error = error,
                                     .sequences = sequences,
                                     .length =
                                         longest(check, prompts_of(check, arena)) + check->steps,
                                     .done = TP_NEW(arena, int64_t, sequences),
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
