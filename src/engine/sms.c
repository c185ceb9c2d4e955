#include "engine/sms.h"

#include "engine/engine.h"

static double larger(double a, double b)
{
  return a > b ? a : b;
}

void tp_sms_max_min(int n, const double *cap, double capacity, double *share)
{
  if (n == 1) {
    share[0] = cap[0] < capacity ? cap[0] : capacity;
    return;
  }
  bool full[TP_MAX_STREAMS] = {false};
  int left = n;
  for (bool again = true; again && left > 0;) {
    again = false;
    const double level = capacity / left;
    for (int i = 0; i < n; i++) {
      if (full[i] || cap[i] > level)
        continue;
      full[i] = again = true;
      share[i] = cap[i];
      capacity -= cap[i];
      left--;
    }
  }
  for (int i = 0; i < n; i++)
    if (!full[i])
      share[i] = capacity / left;
}

void tp_sms_hold(struct tp_sms_held *held, const struct tp_cost *collective)
{
  held->share += collective->sm_share;
  held->late_share = larger(held->late_share, collective->late_share);
}

bool tp_sms_have_room(struct tp_sms_held held, const struct tp_cost *kernel)
{
  return held.late_share <= 0 || kernel->sm_share <= 1 - held.late_share;
}

/* How much longer a kernel takes with so much of the SMs taken all the time. */
static double stretch(const struct tp_cost *kernel, double taken)
{
  return larger(1, kernel->sm_share / larger(TP_SM_FLOOR, 1 - taken));
}

static double wave_of(const struct tp_cost *kernel)
{
  return kernel->wave_s > 0 ? kernel->wave_s : kernel->compute_s;
}

/* What held SMs take from the kernel after the wait is less of it: beside a collective that
 * outlasts it, a kernel of one wave loses by late blocks or by the share, whichever is more, not by
 * both.  A kernel that waits for memory gets on faster meanwhile, for the late blocks' bytes are
 * not on their way. */
double tp_sms_late_s(struct tp_sms_held held, const struct tp_cost *kernel)
{
  if (held.late_share <= held.share)
    return 0;
  const double wave_s = wave_of(kernel);
  const double beside = stretch(kernel, held.share);
  const double blocks_s = wave_s * (stretch(kernel, held.late_share) - beside);
  return larger(0, blocks_s - held.share * larger(0, kernel->work_s - beside * kernel->compute_s));
}

/* Blocks with a place share the memory, and take longer by as much as the kernel waits for it. */
double tp_sms_owed_s(const struct tp_cost *kernel, double late_s, double without_room_s)
{
  if (late_s <= 0)
    return 0;
  const double block_s = wave_of(kernel) * larger(1, kernel->work_s / kernel->compute_s);
  return without_room_s < block_s ? late_s * without_room_s / block_s : late_s;
}
