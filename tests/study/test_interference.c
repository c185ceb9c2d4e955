/* Kernels beside held SMs and copies: against the engines' own sharing, by hand, and fitted. */
#include "engine/analytic/fluid.h"
#include "fit/overlap.h"

#include "tables.h"
#include "world.h"

static struct world world;
static struct tables tables;
static struct tp_machine machine;
static struct tp_device device;

static void set_up(void)
{
  world_open(&world);
  tables_open(&tables);
  const struct tp_point point =
      world_case(&world, "ladder-1b", "dgx-h100", "gpt-fast-compile", "standard");
  device = *point.device;
  ck_assert_int_eq(
      tp_machine_make(point.platform, &device, point.stack, 1, &machine, &tables.error), TP_OK);
}

static void tear_down(void)
{
  tables_close(&tables);
  world_close(&world);
}

/* How long the kernel takes in the engines' fluid with a collective beside it that starts again
 * whenever it ends. */
static double in_fluid_s(const struct tp_cost *kernel, const struct tp_cost *neighbour)
{
  struct tp_fluid fluid = {.machine = &machine};
  tp_fluid_start(&fluid, 0, kernel, false, tp_engine_alone_s(&machine, kernel, false));
  for (;;) {
    if (!(fluid.running & 2))
      tp_fluid_start(&fluid, 1, neighbour, true, tp_engine_alone_s(&machine, neighbour, true));
    if (tp_fluid_advance(&fluid) & 1)
      return fluid.now_s;
  }
}

START_TEST(held_sms_stretch_as_in_the_engines)
{
  static const double held[] = {1, 8, 36, 60, 100};
  static const int64_t rows[] = {1, 16, 512, 8192};
  for (size_t h = 0; h < sizeof held / sizeof held[0]; h++)
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
      const struct tp_op op = {
          .kind = TP_OP_GEMM, .gemm = {.m = rows[r], .n = 4096, .k = 4096, .dtype = TP_DTYPE_BF16}};
      const struct tp_cost kernel = tp_cost_bare(&machine, &op);
      const struct tp_cost neighbour = {.work_s = 1,
                                        .sm_share = held[h] / 132,
                                        .late_share = tp_cost_held_share(&machine, held[h] / 132)};
      const struct tp_interference beside = {.held_sms = held[h]};
      ck_assert_rel(tp_interference_time_s(&machine, &kernel, &beside),
                    in_fluid_s(&kernel, &neighbour), 1e-9);
    }
}
END_TEST

/* Short transfers again and again: nearly the rule's limit of endlessly short ones. */
START_TEST(copies_take_their_traffic_up_to_an_equal_share)
{
  const struct tp_op op = {.kind = TP_OP_GEMM,
                           .gemm = {.m = 16, .n = 16384, .k = 16384, .dtype = TP_DTYPE_BF16}};
  const struct tp_cost kernel = tp_cost_bare(&machine, &op);
  const double shares[] = {0.1, 0.3, 0.45, 0.9};
  for (size_t i = 0; i < 4; i++) {
    const double rate = shares[i] * machine.dram_bytes_per_s, pause_s = kernel.work_s / 2000;
    const struct tp_cost neighbour = {.work_s = pause_s, .dram_bytes = rate * pause_s};
    const struct tp_interference beside = {.copy_bytes_per_s = rate};
    ck_assert_rel(tp_interference_time_s(&machine, &kernel, &beside),
                  in_fluid_s(&kernel, &neighbour), 5e-3);
  }
}
END_TEST

START_TEST(nothing_beside_is_alone)
{
  const struct tp_op op = {.kind = TP_OP_GEMM,
                           .gemm = {.m = 300, .n = 5000, .k = 700, .dtype = TP_DTYPE_BF16}};
  const struct tp_cost kernel = tp_cost_bare(&machine, &op);
  const struct tp_interference alone = {0};
  ck_assert_rel(tp_interference_time_s(&machine, &kernel, &alone),
                tp_cost_alone_s(&machine, &kernel), 1e-15);
}
END_TEST

/* 1 us fixed; 10 us of all SMs; DRAM for 8 us at the whole rate. */
START_TEST(by_hand)
{
  const struct tp_cost kernel = {.fixed_s = 1e-6,
                                 .work_s = 9e-6,
                                 .compute_s = 10e-6,
                                 .sm_share = 1,
                                 .dram_bytes = 8e-6 * machine.dram_bytes_per_s};
  device.overlap.held_ratio = 0.8;
  const struct tp_interference few = {.held_sms = 1}, half = {.held_sms = 66};
  const struct tp_interference quarter = {.copy_bytes_per_s = machine.dram_bytes_per_s / 4};
  const struct tp_interference greedy = {.copy_bytes_per_s = machine.dram_bytes_per_s};
  ck_assert_rel(tp_interference_time_s(&machine, &kernel, &few), 13.5e-6, 1e-12);
  ck_assert_rel(tp_interference_time_s(&machine, &kernel, &half), 21e-6, 1e-12);
  ck_assert_rel(tp_interference_time_s(&machine, &kernel, &quarter), 1e-6 + 32e-6 / 3, 1e-12);
  ck_assert_rel(tp_interference_time_s(&machine, &kernel, &greedy), 17e-6, 1e-12);
}
END_TEST

/* GEMMs of a wave or two, 132 tiles of 128 x 256, beside 0 to 36 SMs, as a device with another ratio
 * would show them. */
static size_t measure(double held_ratio, double most_held, struct tp_overlap_sample *samples)
{
  struct tp_device truth = device;
  size_t n = 0;
  truth.overlap.held_ratio = held_ratio;
  for (int64_t k = 512; k <= 16384; k *= 2)
    for (double held = 0; held <= most_held; held += 4) {
      struct tp_overlap_sample *sample = &samples[n++];
      *sample = (struct tp_overlap_sample){
          .op = {.kind = TP_OP_GEMM,
                 .gemm = {.m = 2816, .n = 1536, .k = k, .dtype = TP_DTYPE_BF16}},
          .beside = {.held_sms = held}};
      sample->slowdown = tp_overlap_slowdown(&truth, sample);
    }
  return n;
}

START_TEST(finds_the_held_ratio_back)
{
  static const double truths[] = {0.3, 0.59, 0.81, 0.95};
  struct tp_overlap_sample samples[128];
  const struct tp_fit_options options = {.hold_out_ratio = 0.5};
  for (size_t i = 0; i < 4; i++) {
    const size_t n = measure(truths[i], 36, samples);
    struct tp_overlap_fit fit;
    tp_fit_overlap(samples, n, &options, &device, &fit);
    ck_assert_rel(device.overlap.held_ratio, truths[i], 1e-4);
    ck_assert(fit.fitted_error < 1e-4 && fit.held_out_error < 1e-4);
    ck_assert(fit.n_fitted > 10 && fit.n_held_out > 10 && fit.n_fitted + fit.n_held_out == n - 6);
    ck_assert(fit.error >= 0 && fit.error < 1e-3);
  }
}
END_TEST

/* What a copy adds is judged, not fitted: it would be taken for held SMs. */
START_TEST(copies_do_not_move_the_fit)
{
  struct tp_overlap_sample samples[128];
  const struct tp_fit_options options = {.hold_out_ratio = 0.5};
  struct tp_overlap_fit fit;
  const size_t n = measure(0.81, 36, samples);
  for (size_t i = 0; i < 10; i++) {
    samples[n + i] = samples[1 + i];
    samples[n + i].beside = (struct tp_interference){.held_sms = 24, .copy_bytes_per_s = 1e12};
    samples[n + i].slowdown = 2;
  }
  tp_fit_overlap(samples, n + 10, &options, &device, &fit);
  ck_assert_rel(device.overlap.held_ratio, 0.81, 1e-4);
  ck_assert(fit.n_copies == 10 && fit.copy_error > 0.1);
}
END_TEST

/* A GPU whose blocks move aside: the ratio goes to its bound, and that is no ignorance. */
START_TEST(only_the_held_share_is_lost)
{
  struct tp_overlap_sample samples[128];
  const struct tp_fit_options options = {.hold_out_ratio = 0.5};
  struct tp_overlap_fit fit;
  device.overlap.held_ratio = 0.59;
  const size_t n = measure(1, 36, samples);
  tp_fit_overlap(samples, n, &options, &device, &fit);
  ck_assert(device.overlap.held_ratio > 0.96); /* 4 of 132 SMs are lost anyhow */
  ck_assert(!isnan(fit.error) && fit.fitted_error < 1e-4);
}
END_TEST

/* One GEMM in five loses a whole wave: what the others lose is what counts. */
START_TEST(few_whole_waves_do_not_count)
{
  struct tp_overlap_sample samples[128];
  const struct tp_fit_options options = {.hold_out_ratio = 0};
  struct tp_overlap_fit fit;
  const size_t n = measure(0.9, 36, samples);
  for (size_t i = 0; i < n / 5; i++)
    samples[i].slowdown = samples[i].beside.held_sms > 0 ? 2 : 1;
  tp_fit_overlap(samples, n, &options, &device, &fit);
  ck_assert_rel(device.overlap.held_ratio, 0.9, 1e-3);
  ck_assert_double_gt(fit.fitted_error, 0.05);
}
END_TEST

/* A GEMM of few tiles leaves SMs free: what it loses says nothing of kernels that cover all. */
START_TEST(only_kernels_that_cover_all_sms_count)
{
  struct tp_overlap_sample samples[128];
  const struct tp_fit_options options = {.hold_out_ratio = 0};
  struct tp_overlap_fit fit;
  const size_t n = measure(0.81, 36, samples);
  for (size_t i = 0; i < n; i++) {
    samples[n + i] = samples[i];
    samples[n + i].op.gemm.m = 128;
    samples[n + i].op.gemm.n = 4096;
    samples[n + i].slowdown = 3;
  }
  ck_assert(tp_overlap_tells(&device, &samples[1]) && !tp_overlap_tells(&device, &samples[n + 1]));
  tp_fit_overlap(samples, 2 * n, &options, &device, &fit);
  ck_assert_rel(device.overlap.held_ratio, 0.81, 1e-4);
  ck_assert(fit.n_fitted == n - 6 && fit.n_held_out == n - 6 && fit.held_out_error > 0.3);
}
END_TEST

START_TEST(rows_that_do_not_tell_change_nothing)
{
  struct tp_overlap_sample samples[128];
  const struct tp_fit_options options = {.hold_out_ratio = 0.5};
  struct tp_overlap_fit fit;
  device.overlap.held_ratio = 0.59;
  const size_t n = measure(0.3, 0, samples);
  tp_fit_overlap(samples, n, &options, &device, &fit);
  ck_assert_uint_eq(fit.n_fitted, 0);
  ck_assert(device.overlap.held_ratio == 0.59 && isnan(fit.error));
}
END_TEST

/* s over the root of the summed squares of the slopes, s^2 = sum(r^2) / (n - 1): from times that
 * are 3 % too long and 2 % too short in turn. */
START_TEST(the_standard_error_is_of_all_rows)
{
  struct tp_overlap_sample samples[64];
  const struct tp_fit_options options = {.hold_out_ratio = 0};
  struct tp_overlap_fit fit;
  const double step = 1e-4;
  double squares = 0, slopes = 0, rows = 0;
  const size_t n = measure(0.7, 36, samples);
  for (size_t i = 0; i < n; i++)
    samples[i].slowdown *= i % 2 == 0 ? 1.03 : 0.98;
  tp_fit_overlap(samples, n, &options, &device, &fit);
  struct tp_device below = device, above = device;
  below.overlap.held_ratio -= step;
  above.overlap.held_ratio += step;
  for (size_t i = 0; i < n; i++) {
    if (samples[i].beside.held_sms == 0)
      continue;
    squares += pow(log(tp_overlap_slowdown(&device, &samples[i]) / samples[i].slowdown), 2);
    slopes += pow(
        log(tp_overlap_slowdown(&above, &samples[i]) / tp_overlap_slowdown(&below, &samples[i])) /
            (2 * step),
        2);
    rows++;
  }
  ck_assert_double_eq((double)fit.n_fitted, rows);
  ck_assert(!fit.at_bound);
  ck_assert_rel(fit.error, sqrt(squares / (rows - 1) / slopes), 1e-6);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("interference");
  TCase *tcase = tcase_create("interference");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, held_sms_stretch_as_in_the_engines);
  tcase_add_test(tcase, copies_take_their_traffic_up_to_an_equal_share);
  tcase_add_test(tcase, nothing_beside_is_alone);
  tcase_add_test(tcase, by_hand);
  tcase_add_test(tcase, finds_the_held_ratio_back);
  tcase_add_test(tcase, copies_do_not_move_the_fit);
  tcase_add_test(tcase, only_the_held_share_is_lost);
  tcase_add_test(tcase, few_whole_waves_do_not_count);
  tcase_add_test(tcase, only_kernels_that_cover_all_sms_count);
  tcase_add_test(tcase, rows_that_do_not_tell_change_nothing);
  tcase_add_test(tcase, the_standard_error_is_of_all_rows);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
