#ifndef TP_ENGINE_SMS_H
#define TP_ENGINE_SMS_H
/* Who gets how many SMs, and whose blocks wait for one: "SMs" and "Late" in engine.h. */
#include "cost/cost.h"

/* Max-min fair shares of `capacity` among n users that take at most cap[i] each; n <=
 * TP_MAX_STREAMS. */
void tp_sms_max_min(int n, const double *cap, double capacity, double *share);

/* What collectives hold: their sm_share, summed, and their largest late_share. */
struct tp_sms_held {
  double share, late_share;
};
void tp_sms_hold(struct tp_sms_held *held, const struct tp_cost *collective);

/* Whether all blocks of the kernel find a place on an SM. */
bool tp_sms_have_room(struct tp_sms_held held, const struct tp_cost *kernel);

/* How much later the kernel ends beside what outlasts it: late_s. */
double tp_sms_late_s(struct tp_sms_held held, const struct tp_cost *kernel);

/* How much later it ends where it had no room for so long. */
double tp_sms_owed_s(const struct tp_cost *kernel, double late_s, double without_room_s);
#endif
