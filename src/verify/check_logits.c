#include "numeric/accuracy.h"
#include "run/element.h"
#include "verify/check_state.h"

#include <inttypes.h>
#include <math.h>

/* The logits of a pass as a rank has them: [rows, columns], columns from `first` of the vocabulary
 * on; what was gathered lies in parts one below the other. */
struct logits {
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
  const bool all = request->style.all_positions && !tp_batch_decodes(&program->batch);
  const int64_t vocab = request->model->vocab;
  const int64_t rows =
      tp_program_chunk(program)->sequences * (all ? tp_program_chunk(program)->tokens : 1);
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
static bool is_first_fault(const struct tp_check_session *session)
{
  return session->fault->text[0] == '\0';
}

static void compare(const struct tp_check_session *session, const struct tp_check_rank *rank,
                    const struct tp_binding *binding, const struct logits *logits,
                    const float *wanted, int64_t first)
{
  const struct tp_program *program = tp_binding_program(binding);
  const int64_t vocab = session->check->request.model->vocab;
  const int64_t each =
      logits->rows / tp_program_chunk(program)->sequences; /* rows of a sequence: the last ones */
  struct tp_check_result *result = session->result;
  for (int64_t row = 0; row < logits->rows; row++) {
    const int64_t position = first + tp_program_chunk(program)->tokens - each + row % each;
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
              tp_dtype_text(session->check->request.dtype), result->bound);
  }
}

/* The next token is the likeliest of those that the rank has logits of. */
static enum tp_status compare_next(const struct tp_check_session *session,
                                   const struct tp_check_rank *rank,
                                   const struct tp_binding *binding, const struct logits *logits)
{
  const struct tp_program *program = tp_binding_program(binding);
  const struct tp_operand operand = tp_binding_operand(binding, program->next, 0);
  int32_t *next = TP_NEW(session->arena, int32_t, tp_program_chunk(program)->sequences);
  const enum tp_status status = rank->calls->read(
      rank->calls->state, next, operand.data,
      (size_t)tp_program_chunk(program)->sequences * sizeof *next, session->error);
  if (status != TP_OK || logits->columns < session->check->request.model->vocab)
    return status; /* the rest of them decide, too */
  const int64_t each = logits->rows / tp_program_chunk(program)->sequences;
  for (int64_t b = 0; b < tp_program_chunk(program)->sequences; b++) {
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

enum tp_status tp_check_compare(const struct tp_check_session *session, int i, bool decode,
                                int64_t first)
{
  const struct tp_check_rank *rank = &session->rank[i];
  const struct tp_binding *binding = tp_check_binding(rank, decode);
  struct tp_operand operand;
  struct logits logits;
  TP_TRY(read_logits(session, rank, binding, &operand, &logits));
  compare(session, rank, binding, &logits, session->wanted[i], first);
  return compare_next(session, rank, binding, &logits);
}
