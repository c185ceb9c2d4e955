#ifndef TP_RUN_STANDIN_TRY_H
#define TP_RUN_STANDIN_TRY_H
/* Whether stand-ins hold SMs for as long as planned (run/standin_plan.h) and whether nothing else
 * fits there meanwhile.  CUDA's events tell, for they use another clock than stand-ins do. */
#include "base/error.h"

/* Times in multiples of what one stand-in was to last. */
struct tp_standin_ratios {
  double last;  /* one of many in turn; 1 is right */
  double apart; /* two at once on half of the SMs each; 1 is right: both have room */
  double close; /* the same with one SM more each; 2 is right: they have to take turns */
};

enum tp_status tp_standin_try(int device, struct tp_standin_ratios *ratios, struct tp_error *error);
#endif
