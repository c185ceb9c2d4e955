#ifndef TP_PROGRAM_OPERAND_ROWS_H
#define TP_PROGRAM_OPERAND_ROWS_H
/* Views of the rows that are a half's of a step, or a chunk's of the pass's part: of what has rows
 * for tokens those tokens', of lengths and caches those of their sequences. */
#include "program/pass.h"

/* Of tensor `of`, the value's of all tokens: the half that the pass is at. */
struct tp_tensor tp_operand_half(const struct tp_pass *pass, int of, enum tp_value value);
/* Of tensor `of`, the value's of the part: the chunk that the pass's operands are of. */
struct tp_tensor tp_operand_chunk(const struct tp_pass *pass, int of, enum tp_value value);
#endif
