/* The schedule of micro-batches over stages: hand-computed, and against what every schedule keeps.
 */
#include "predict/replicas.h"

#include "../random.h"
#include "../suite.h"

static double run(int ranks, int interleave, int64_t micro_batches, const double *forward_s,
                  const double *backward_s)
{
  struct tp_arena *scratch = tp_arena_create();
  const struct tp_pipeline pipeline = {ranks,     interleave, micro_batches,
                                       forward_s, backward_s, NULL};
  const double total_s = tp_pipeline_run(&pipeline, scratch, NULL);
  tp_arena_free(scratch);
  return total_s;
}

/* Stages alike: (m + (p - 1) / v) passes of a rank's layers, forward and backward. */
START_TEST(equal_stages_have_a_closed_form)
{
  double forward_s[24], backward_s[24];
  for (int i = 0; i < 24; i++) {
    forward_s[i] = 1;
    backward_s[i] = 2;
  }
  for (int ranks = 1; ranks <= 8; ranks++)
    for (int64_t m = 1; m <= 20; m++)
      ck_assert_double_eq(run(ranks, 1, m, forward_s, backward_s), 3.0 * (double)(m + ranks - 1));
  for (int ranks = 2; ranks <= 8; ranks++)
    for (int stages = 2; stages <= 3; stages++)
      for (int64_t m = ranks; m <= 5 * ranks; m += ranks)
        ck_assert_double_eq(run(ranks, stages, m, forward_s, backward_s),
                            3.0 * (double)(m * stages + ranks - 1));
}
END_TEST

/* Two stages of 1 and 3 forward, 2 and 4 backward, two micro-batches:
 *
 *     rank 0   F0 0-1  F1 1-2    B0 8-10             B1 15-17
 *     rank 1   F0 1-4  B0 4-8    F1 8-11  B1 11-15
 */
START_TEST(unlike_stages_by_hand)
{
  struct tp_arena *scratch = tp_arena_create();
  const double forward_s[] = {1, 3}, backward_s[] = {2, 4};
  const struct tp_pipeline pipeline = {2, 1, 2, forward_s, backward_s, NULL};
  static const struct tp_pipeline_slot expected[] = {
      {0, 0, false, 0}, {0, 1, false, 1}, {1, 0, false, 1}, {1, 0, true, 4},
      {0, 0, true, 8},  {1, 1, false, 8}, {1, 1, true, 11}, {0, 1, true, 15}};
  struct tp_pipeline_slot slots[8];
  ck_assert_int_eq(tp_pipeline_slots(&pipeline), 8);
  ck_assert_double_eq(tp_pipeline_run(&pipeline, scratch, slots), 17);
  for (int i = 0; i < 8; i++) {
    ck_assert_int_eq(slots[i].stage, expected[i].stage);
    ck_assert_int_eq(slots[i].micro_batch, expected[i].micro_batch);
    ck_assert_int_eq(slots[i].backward, expected[i].backward);
    ck_assert_double_eq(slots[i].start_s, expected[i].start_s);
  }
  tp_arena_free(scratch);
}
END_TEST

/* The same where the last backward passes last 3 and 6, for what runs beside them:
 *
 *     rank 0   ...                       B1 17-20
 *     rank 1   ...     F1 8-11  B1 11-17
 *
 * sums of 5 and 9 seconds: of rank 1 from 11.5 on, 3.5 behind its pass; of rank 0 until 23.  Did
 * both stages stand on one rank, the second's would wait for the first's. */
START_TEST(sums_of_gradients_slow_the_last_passes)
{
  struct tp_arena *scratch = tp_arena_create();
  const double forward_s[] = {1, 3}, backward_s[] = {2, 4}, last_s[] = {3, 6};
  const struct tp_last_pass last[] = {{3, 5, 6}, {6, 9, 9.5}};
  struct tp_pipeline pipeline = {2, 1, 2, forward_s, backward_s, last_s};
  struct tp_pipeline_slot slots[8];
  double exposed_s;
  ck_assert_double_eq(tp_pipeline_run(&pipeline, scratch, slots), 20);
  ck_assert_double_eq(slots[6].start_s, 11);
  ck_assert_double_eq(slots[7].start_s, 17);
  ck_assert_double_eq(tp_replicas_end_s(&pipeline, slots, 8, last, scratch, &exposed_s), 23);
  ck_assert_double_eq(exposed_s, 3 + 3.5);
  pipeline.ranks = 1; /* the slots as they are: sums of stage 1 end at 20.5, of stage 0 at 25.5 */
  ck_assert_double_eq(tp_replicas_end_s(&pipeline, slots, 8, last, scratch, &exposed_s), 25.5);
  ck_assert_double_eq(exposed_s, 5.5);
  tp_arena_free(scratch);
}
END_TEST

static int in_flight_of(const struct tp_pipeline *pipeline, int rank)
{
  double kept[24];
  for (int i = 0; i < 24; i++)
    kept[i] = 1;
  return (int)tp_pipeline_most_kept(pipeline, rank, kept);
}

/* p - r of 1F1B; interleaved p v + p - 1 on the first rank (arXiv 2205.05198: p v (1 + (p-1)/(p
 * v))); never more than there are. */
START_TEST(micro_batches_in_flight)
{
  const struct tp_pipeline one = {4, 1, 8, NULL, NULL, NULL}, three = {4, 3, 8, NULL, NULL, NULL},
                           few = {4, 1, 2, NULL, NULL, NULL}, alone = {1, 1, 8, NULL, NULL, NULL};
  for (int rank = 0; rank < 4; rank++) {
    ck_assert_int_eq(in_flight_of(&one, rank), 4 - rank);
    ck_assert_int_eq(in_flight_of(&three, rank), 15 - 2 * rank);
  }
  ck_assert_int_eq(in_flight_of(&few, 0), 2);
  ck_assert_int_eq(in_flight_of(&alone, 0), 1);
  /* F0 F1 of stage 0, F0 F1 of stage 2, F2, B0 of 2, F3: four of the first, which keeps thrice as
   * much, and one of the other */
  const struct tp_pipeline two = {2, 2, 4, NULL, NULL, NULL};
  ck_assert_double_eq(tp_pipeline_most_kept(&two, 0, (const double[]){3, 0, 1, 0}), 13);
}
END_TEST

enum { MOST_RANKS = 5, MOST_INTERLEAVE = 3, MOST_GROUPS = 4, MOST_PASSES = 600 };

/* When a pass ends, of those there are. */
static double end_of(const struct tp_pipeline *pipeline, const struct tp_pipeline_slot *slots,
                     int stage, int64_t micro_batch, bool backward)
{
  for (int64_t i = 0; i < tp_pipeline_slots(pipeline); i++)
    if (slots[i].stage == stage && slots[i].micro_batch == micro_batch &&
        slots[i].backward == backward)
      return slots[i].start_s + (backward ? pipeline->backward_s : pipeline->forward_s)[stage];
  ck_abort_msg("no pass of micro-batch %d in stage %d", (int)micro_batch, stage);
}

/* Nothing starts before what it needs, no rank does two things at once, and no more micro-batches
 * are in flight than said. */
static void assert_schedule(const struct tp_pipeline *pipeline,
                            const struct tp_pipeline_slot *slots)
{
  const int stages = pipeline->ranks * pipeline->interleave;
  double free_s[MOST_RANKS] = {0};
  int64_t in_flight[MOST_RANKS] = {0}, most[MOST_RANKS] = {0};
  for (int64_t i = 0; i < tp_pipeline_slots(pipeline); i++) {
    const struct tp_pipeline_slot slot = slots[i];
    const int rank = slot.stage % pipeline->ranks;
    double ready_s = 0;
    if (!slot.backward && slot.stage > 0)
      ready_s = end_of(pipeline, slots, slot.stage - 1, slot.micro_batch, false);
    if (slot.backward)
      ready_s = slot.stage + 1 < stages
                    ? end_of(pipeline, slots, slot.stage + 1, slot.micro_batch, true)
                    : end_of(pipeline, slots, slot.stage, slot.micro_batch, false);
    ck_assert_double_ge(slot.start_s, ready_s);
    ck_assert_double_ge(slot.start_s, free_s[rank]);
    ck_assert(slot.start_s == ready_s || slot.start_s == free_s[rank]);
    free_s[rank] = end_of(pipeline, slots, slot.stage, slot.micro_batch, slot.backward);
    in_flight[rank] += slot.backward ? -1 : 1;
    most[rank] = in_flight[rank] > most[rank] ? in_flight[rank] : most[rank];
  }
  for (int rank = 0; rank < pipeline->ranks; rank++) {
    ck_assert_int_eq(in_flight[rank], 0);
    ck_assert_int_eq(most[rank], in_flight_of(pipeline, rank));
  }
}

START_TEST(every_schedule_holds)
{
  struct tp_arena *scratch = tp_arena_create();
  for (int i = 0; i < tp_random_cases(300); i++) {
    uint64_t state = tp_random_seed(i);
    double times_s[2][MOST_RANKS * MOST_INTERLEAVE];
    struct tp_pipeline pipeline = {.ranks = 1 + (int)tp_random_below(&state, MOST_RANKS),
                                   .interleave = 1 + (int)tp_random_below(&state, MOST_INTERLEAVE),
                                   .forward_s = times_s[0],
                                   .backward_s = times_s[1]};
    pipeline.micro_batches = 1 + (int64_t)tp_random_below(&state, MOST_GROUPS);
    if (pipeline.interleave > 1)
      pipeline.micro_batches *= pipeline.ranks;
    for (int k = 0; k < 2 * MOST_RANKS * MOST_INTERLEAVE; k++)
      times_s[k % 2][k / 2] = (double)(1 + tp_random_below(&state, 9));
    struct tp_pipeline_slot slots[MOST_PASSES];
    const double total_s = tp_pipeline_run(&pipeline, scratch, slots);
    assert_schedule(&pipeline, slots);
    double last_s = 0;
    for (int64_t k = 0; k < tp_pipeline_slots(&pipeline); k++)
      last_s = fmax(last_s, end_of(&pipeline, slots, slots[k].stage, slots[k].micro_batch,
                                   slots[k].backward));
    ck_assert_msg(total_s == last_s, "case %d of seed %llu", i,
                  (unsigned long long)tp_random_base());
  }
  tp_arena_free(scratch);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("schedule");
  TCase *cases = tcase_create("1F1B");
  tcase_add_test(cases, equal_stages_have_a_closed_form);
  tcase_add_test(cases, unlike_stages_by_hand);
  tcase_add_test(cases, sums_of_gradients_slow_the_last_passes);
  tcase_add_test(cases, micro_batches_in_flight);
  tcase_add_test(cases, every_schedule_holds);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
