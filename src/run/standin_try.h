#ifndef TP_RUN_STANDIN_TRY_H
#define TP_RUN_STANDIN_TRY_H
/* Whether stand-ins hold SMs as long and as alone as is said of them (standin_plan.h), by the clock
 * of CUDA's events, which is not theirs. */
#include "base/error.h"

/* Times in multiples of what one stand-in was to last. */
struct tp_standin_ratios {
  double last;  /* of many in turn, for one: 1 */
  double apart; /* of two at once, half of the SMs each: 1, for each leaves the others theirs */
  double close; /* the same with an SM more each: 2, for on an SM that is held nothing fits */
};

enum tp_status tp_standin_try(int device, struct tp_standin_ratios *ratios, struct tp_error *error);
#endif
