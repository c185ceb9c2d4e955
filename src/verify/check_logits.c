#include "numeric/accuracy.h"
#include "run/element.h"
#include "verify/check_state.h"

#include <inttypes.h>
#include <math.h>

/* The logits of a pass as a rank has them: [rows, columns], columns from `first` of the vocabulary
 * on; what was gathered lies in parts one below the other. */
struct logits {
  const char *title; /* the pass's */
  const struct tp_operand *operand;
  const unsigned char *bytes;
  int64_t rows, first, columns;
};

static float logit(const struct logits *logits, int64_t row, int64_t column)
{
  const struct tp_operand *operand = logits->operand;
  const int64_t part = column / operand->columns, inside = column % operand->columns;
  const int64_t at = (part * logits->rows + row) * operand->row_elements + inside;
  return tp_element_value(operand->tensor->dtype, logits->bytes, at);
}

static enum tp_status read_logits(const struct tp_check_session *session,
                                  const struct tp_check_rank *rank,
                                  const struct tp_binding *binding, struct tp_operand *operand,
                                  struct logits *logits)
{
  const struct tp_program *program = tp_binding_program(binding);
  const struct tp_request *request = &session->check->request;
  *operand = tp_binding_operand(binding, program->logits, 0);
  const size_t bytes = tp_check_bytes(operand);
  unsigned char *memory = TP_NEW(session->arena, unsigned char, bytes);
  const bool all = request->style.all_positions;
  const int64_t vocab = request->model->vocab;
  const int64_t rows = all ? tp_batch_tokens(&program->batch) : session->sequences;
  const bool own = operand->rows == rows && operand->columns < vocab;
  const int64_t first = own ? rank->calls->rank * operand->columns : 0;
  const int64_t last = own ? first + operand->columns : vocab;
  *logits = (struct logits){.title = program->title,
                            .operand = operand,
                            .bytes = memory,
                            .rows = rows,
                            .first = first,
                            .columns = (last < vocab ? last : vocab) - first};
  return rank->calls->read(rank->calls->state, memory, operand->data, bytes, session->error);
}

/* Faults do not end the check: other ranks may be waiting for this one. */
static bool is_first_fault(const struct tp_check_session *session)
{
  return session->fault->text[0] == '\0';
}

/* Rows of a pass's logits that are a sequence's: its last tokens'. */
struct rows {
  int64_t sequence, first_row, n, first_position;
};

static void compare_row(const struct tp_check_session *session, const struct tp_check_rank *rank,
                        const struct logits *logits, const struct rows *rows, int64_t i,
                        const float *wanted)
{
  const int64_t vocab = session->check->request.model->vocab;
  const int64_t position = rows->first_position + i;
  const float *want = &wanted[(rows->sequence * session->length + position) * vocab];
  struct tp_check_result *result = session->result;
  struct tp_accuracy accuracy = {0};
  for (int64_t j = 0; j < logits->columns; j++)
    tp_accuracy_add(&accuracy, (double)want[logits->first + j],
                    (double)logit(logits, rows->first_row + i, j));
  const double error = accuracy.error2 == 0 ? 0 : tp_accuracy_relative(&accuracy);
  if (!(error <= result->error) && !isnan(result->error))
    result->error = error;
  if (!(error <= result->bound) && is_first_fault(session))
    tp_fail(session->fault, TP_E_CHECK,
            "%s: rank %d of %d errs by %.2g at position %" PRId64 " of sequence %" PRId64
            ", %s explains %.2g",
            logits->title, rank->calls->rank, rank->calls->ranks, error, position, rows->sequence,
            tp_dtype_text(session->check->request.dtype), result->bound);
}

/* The next token is the likeliest of those that the rank has logits of. */
static void compare_next(const struct tp_check_session *session, const struct tp_check_rank *rank,
                         const struct logits *logits, const struct rows *rows, int32_t next)
{
  const int64_t row = rows->first_row + rows->n - 1;
  for (int64_t i = 0; i < logits->columns; i++)
    if (is_first_fault(session) &&
        (next < 0 || next >= logits->columns || logit(logits, row, i) > logit(logits, row, next)))
      tp_fail(session->fault, TP_E_CHECK,
              "%s: rank %d of %d goes on with token %d in sequence %" PRId64 ", and %" PRId64
              " is likelier",
              logits->title, rank->calls->rank, rank->calls->ranks, (int)next, rows->sequence, i);
}

static enum tp_status read_next(const struct tp_check_session *session,
                                const struct tp_check_rank *rank, const struct tp_binding *binding,
                                int32_t **next)
{
  const struct tp_operand operand =
      tp_binding_operand(binding, tp_binding_program(binding)->next, 0);
  *next = TP_NEW(session->arena, int32_t, session->sequences);
  return rank->calls->read(rank->calls->state, *next, operand.data,
                           (size_t)session->sequences * sizeof **next, session->error);
}

enum tp_status tp_check_compare(const struct tp_check_session *session, int i, int which)
{
  const struct tp_check_rank *rank = &session->rank[i];
  const struct tp_binding *binding = rank->bindings[which];
  const struct tp_batch *batch = &tp_binding_program(binding)->batch;
  struct tp_operand operand;
  struct logits logits;
  int32_t *next;
  TP_TRY(read_logits(session, rank, binding, &operand, &logits));
  TP_TRY(read_next(session, rank, binding, &next));
  const bool all = logits.rows != session->sequences;
  const bool whole = logits.columns == session->check->request.model->vocab;
  struct rows rows = {.sequence = 0};
  for (int c = 0; c < batch->n; c++)
    for (int64_t s = 0; s < batch->chunks[c].sequences; s++) {
      rows.n = all ? batch->chunks[c].tokens : 1;
      rows.first_position = session->done[rows.sequence] + batch->chunks[c].tokens - rows.n;
      for (int64_t row = 0; row < rows.n; row++)
        compare_row(session, rank, &logits, &rows, row, session->wanted[i]);
      if (whole) /* else the rest of them decide, too */
        compare_next(session, rank, &logits, &rows, next[rows.sequence]);
      rows.first_row += rows.n;
      rows.sequence++;
    }
  return TP_OK;
}
