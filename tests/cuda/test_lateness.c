/* How late stand-ins began, of times that stand in the log as a GPU would have written them. */
#include "../suite.h"
#include "fake_gpu.h"
#include "gpu/lateness.h"

#include <string.h>

enum { SMS = 3 };

static struct tp_lateness lateness;
static struct tp_late late[TP_LATENESS_MOST];
static struct tp_error error;

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
  memcpy(to, from, bytes);
  return kind == cudaMemcpyDeviceToHost ? cudaSuccess : cudaErrorInvalidValue;
}

static void setup(void)
{
  fake_gpu_reset();
  lateness = (struct tp_lateness){.n = 0};
  ck_assert_ptr_null(tp_lateness_entry(&lateness, 1)); /* nobody watches */
  ck_assert_int_eq(tp_lateness_begin(&lateness, SMS, &error), TP_OK);
}

static void teardown(void)
{
  tp_lateness_close(&lateness);
  ck_assert_int_eq(fake_gpu_objects(), 0);
}

/* A stand-in of so many blocks: its release, and when each block of a full one would begin. */
static void stand_in(int blocks, const unsigned long long times[1 + SMS])
{
  unsigned long long *const entry = tp_lateness_entry(&lateness, blocks);
  ck_assert_ptr_nonnull(entry);
  memcpy(entry, times, (1 + SMS) * sizeof *entry);
}

/* Blocks begin in any order; what stands behind those of a small stand-in is not its own. */
START_TEST(first_and_last_block)
{
  stand_in(3, (const unsigned long long[]){1000, 1500, 1200, 1900});
  stand_in(1, (const unsigned long long[]){5000, 5070, 5001, 9000});
  stand_in(2, (const unsigned long long[]){6000, 6010, 6300, 6999});
  ck_assert_int_eq(tp_lateness_read(&lateness, late, &error), TP_OK);
  ck_assert_int_eq(lateness.n, 3);
  static const double first_ns[] = {200, 70, 10}, last_ns[] = {900, 70, 300};
  for (int i = 0; i < 3; i++) {
    ck_assert_rel(late[i].first_s, 1e-9 * first_ns[i], 1e-12);
    ck_assert_rel(late[i].last_s, 1e-9 * last_ns[i], 1e-12);
  }
  ck_assert_ptr_null(tp_lateness_entry(&lateness, 1)); /* the log has ended */
}
END_TEST

/* A log begun again is empty and takes the place of the one before. */
START_TEST(full_and_begun_again)
{
  for (int i = 0; i < TP_LATENESS_MOST; i++)
    stand_in(3, (const unsigned long long[]){0, 1, 2, 3});
  ck_assert_ptr_null(tp_lateness_entry(&lateness, 3));
  const int allocations = fake_gpu_allocations();
  ck_assert_int_eq(tp_lateness_begin(&lateness, SMS, &error), TP_OK);
  ck_assert_int_eq(fake_gpu_allocations(), allocations);
  ck_assert_int_eq(lateness.n, 0);
  stand_in(2, (const unsigned long long[]){0, 4, 5, 6});
  ck_assert_int_eq(tp_lateness_read(&lateness, late, &error), TP_OK);
  ck_assert_int_eq(lateness.n, 1);
  ck_assert_rel(late[0].last_s, 5e-9, 1e-12);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("lateness");
  TCase *const c = tcase_create("lateness");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, first_and_last_block);
  tcase_add_test(c, full_and_begun_again);
  suite_add_tcase(s, c);
  return s;
}
TP_SUITE_MAIN
