#include "verify/op_cases_list.h"

#include <assert.h>

struct tp_make tp_case_begin(struct tp_case_list *cases, const char *name, int ranks,
                             enum tp_dtype dtype, int64_t batch, int64_t query_len)
{
  assert(cases->n < TP_MOST_CASES);
  struct tp_op_case *made = &cases->all[cases->n++];
  *made = (struct tp_op_case){.name = name, .dtype = dtype};
  struct tp_make make = tp_make_begin(cases->arena, &made->program, name, ranks,
                                      tp_batch_prefill(batch, query_len), tp_dtype_wide(dtype));
  tp_make_segment(&make, 1, TP_MOST_CASE_OPS);
  return make;
}

struct tp_op *tp_case_memory(struct tp_make *make, enum tp_function function, double elements)
{
  struct tp_op *op = tp_make_op(make, TP_OP_MEMORY);
  const double bytes = elements * tp_dtype_bytes(make->dtype);
  op->memory = (struct tp_memory){.read_bytes = bytes, .write_bytes = bytes, .function = function};
  return op;
}
