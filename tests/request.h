#ifndef TP_TESTS_REQUEST_H
#define TP_TESTS_REQUEST_H
/* The request of a point's prefill, or of the decode step that attends `kv_len` tokens. */
#include "predict/point.h"

static inline struct tp_request request_at(const struct tp_point *point, bool decode,
                                           int64_t kv_len)
{
  const struct tp_batch batch =
      decode ? tp_point_decode(point, kv_len) : tp_point_prefill(point, 0);
  return tp_point_request(point, 0, &batch);
}
#endif
