#ifndef TP_VERIFY_CHECK_STATE_H
#define TP_VERIFY_CHECK_STATE_H
/* A check under way, shared by check.c, which runs passes, and check_logits.c, which judges them.
 */
#include "run/store.h"
#include "verify/check.h"

/* Which program a pass runs: these, then those between them. */
enum { TP_CHECK_PREFILL, TP_CHECK_DECODE, TP_CHECK_BETWEEN };
enum { TP_CHECK_PROGRAMS = TP_CHECK_BETWEEN + TP_CHECK_MOST_BETWEEN };

/* A rank with its memory and what it is bound to. */
struct tp_check_rank {
  const struct tp_calls *calls;
  struct tp_store *store;
  struct tp_binding *bindings[TP_CHECK_PROGRAMS];
  struct tp_graph *graphs[TP_CHECK_PROGRAMS];
};

struct tp_check_session {
  const struct tp_check *check;
  const struct tp_check_ranks *ranks;
  struct tp_check_programs *programs;
  struct tp_arena *arena;
  struct tp_error *error;
  int64_t sequences, length;  /* tokens of the longest sequence, in all */
  int64_t *done;              /* of a sequence so far */
  int32_t *tokens;            /* [batch, length] */
  float **wanted;             /* a rank: [batch, length, vocab] */
  struct tp_check_rank *rank; /* of this process */
  struct tp_check_result *result;
  struct tp_error *fault; /* the first one; "" where there is none so far */
};

static inline size_t tp_check_bytes(const struct tp_operand *operand)
{
  return (size_t)(operand->rows * operand->row_elements) *
         (size_t)tp_tensor_element_bytes(operand->tensor);
}

/* Reads the logits that rank `i` of this process has of a pass, which begins where sequences are
 * done, and compares them; faults go to session->fault. */
enum tp_status tp_check_compare(const struct tp_check_session *session, int i, int which);
#endif
