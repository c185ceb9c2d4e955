#ifndef TP_TESTS_DES_H
#define TP_TESTS_DES_H
#include "engine/engine.h"

/* One worker for all passes of a test; it ends with the test. */
static inline const struct tp_engine *test_des(void)
{
  static struct tp_engine des;
  if (des.run == NULL)
    des = tp_des_open();
  return &des;
}
#endif
