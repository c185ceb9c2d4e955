/* The server by hand: a step lasts a second, or as many as it has tokens. */
#include "serve/served.h"

#include "../suite.h"

#include <string.h>

#include "../arena.h"

enum { MOST_STEPS = 64 };
static struct tp_batch steps[MOST_STEPS];
static int n_steps;

/* A byte a token. */
static double bytes_of(void *data, int64_t tokens)
{
  (void)data;
  return (double)tokens;
}

static enum tp_status one_second(void *data, const struct tp_batch *batch, double *seconds,
                                 struct tp_error *error)
{
  (void)data;
  (void)error;
  ck_assert_int_lt(n_steps, MOST_STEPS);
  steps[n_steps++] = *batch;
  *seconds = 1;
  return TP_OK;
}

static struct tp_server server_of(int64_t step_tokens)
{
  n_steps = 0;
  return (struct tp_server){.step_tokens = step_tokens,
                            .replicas = 1,
                            .room_bytes = 1e9,
                            .cache_bytes = bytes_of,
                            .step = one_second};
}

static struct tp_serving serve(const struct tp_server *server, const struct tp_arrival *items,
                               size_t n, int64_t concurrency)
{
  struct tp_arrival *const copy = TP_NEW(arena, struct tp_arrival, n);
  memcpy(copy, items, n * sizeof *items);
  const struct tp_arrivals arrivals = {copy, n};
  struct tp_serving serving;
  struct tp_error error = {""};
  ck_assert_msg(tp_server_run(server, &arrivals, concurrency, arena, &serving, &error) == TP_OK,
                "%s", error.text);
  return serving;
}

static void assert_visit(const struct tp_serving *serving, size_t i, double came_s, double first_s,
                         double ended_s)
{
  ck_assert_double_eq(serving->visits[i].came_s, came_s);
  ck_assert_double_eq(serving->visits[i].first_s, first_s);
  ck_assert_double_eq(serving->visits[i].ended_s, ended_s);
}

static void assert_step(int i, int n, const struct tp_chunk *chunks)
{
  ck_assert_int_lt(i, n_steps);
  ck_assert_int_eq(steps[i].n, n);
  for (int k = 0; k < n; k++) {
    ck_assert_int_eq(steps[i].chunks[k].sequences, chunks[k].sequences);
    ck_assert_int_eq(steps[i].chunks[k].tokens, chunks[k].tokens);
    ck_assert_int_eq(steps[i].chunks[k].context, chunks[k].context);
  }
}
#define ASSERT_STEP(i, ...)                                                                 \
  assert_step(i, (int)(sizeof((struct tp_chunk[]){__VA_ARGS__}) / sizeof(struct tp_chunk)), \
              (struct tp_chunk[]){__VA_ARGS__})

/* A prompt of 25 is cut by a budget of 10; then two tokens more, each attends all before it. */
START_TEST(a_request_alone_prefills_in_chunks_and_decodes)
{
  const struct tp_server server = server_of(10);
  const struct tp_serving serving = serve(&server, &(struct tp_arrival){0, 25, 3}, 1, 1);
  assert_visit(&serving, 0, 0, 3, 5);
  ck_assert_int_eq(n_steps, 5);
  ASSERT_STEP(0, {1, 10, 0});
  ASSERT_STEP(1, {1, 10, 10});
  ASSERT_STEP(2, {1, 5, 20});
  ASSERT_STEP(3, {1, 1, 25});
  ASSERT_STEP(4, {1, 1, 26});
  ck_assert_int_eq(serving.steps, 5);
  ck_assert_double_eq(serving.ended_s, 5);
  ck_assert_double_eq(serving.sequences, 1);
}
END_TEST

/* The next comes when one has ended, not before. */
START_TEST(a_closed_loop_keeps_so_many_under_way)
{
  const struct tp_server server = server_of(10);
  const struct tp_arrival items[] = {{0, 4, 2}, {0, 4, 4}, {0, 4, 2}};
  const struct tp_serving serving = serve(&server, items, 3, 2);
  assert_visit(&serving, 0, 0, 1, 2);
  assert_visit(&serving, 1, 0, 1, 4);
  assert_visit(&serving, 2, 2, 3, 4);
  ASSERT_STEP(0, {2, 4, 0});
  ASSERT_STEP(1, {2, 1, 4});
  ASSERT_STEP(2, {1, 4, 0}, {1, 1, 5}); /* a prompt beside the one that decodes */
  ASSERT_STEP(3, {2, 1, 5});            /* at contexts 4 and 6 */
}
END_TEST

/* Who decodes comes first: of 10 tokens one is left less for prompts. */
START_TEST(prompts_take_what_decode_leaves_of_the_budget)
{
  const struct tp_server server = server_of(10);
  const struct tp_arrival items[] = {{0, 10, 9}, {0.5, 12, 1}};
  const struct tp_serving serving = serve(&server, items, 2, 0);
  ASSERT_STEP(1, {1, 9, 0}, {1, 1, 10});
  ASSERT_STEP(2, {1, 3, 9}, {1, 1, 11});
  ASSERT_STEP(3, {1, 1, 12});
  assert_visit(&serving, 1, 0.5, 3, 3);
}
END_TEST

/* The same where the software prefills first: nobody decodes meanwhile. */
START_TEST(prompts_that_go_first_stop_decode)
{
  struct tp_server server = server_of(10);
  server.prefills_first = true;
  const struct tp_arrival items[] = {{0, 10, 3}, {0.5, 12, 1}};
  const struct tp_serving serving = serve(&server, items, 2, 0);
  ASSERT_STEP(1, {1, 10, 0});
  ASSERT_STEP(2, {1, 2, 10});
  ASSERT_STEP(3, {1, 1, 10});
  assert_visit(&serving, 0, 0, 1, 5);
  assert_visit(&serving, 1, 0.5, 3, 3);
}
END_TEST

/* A budget that ends within the second prompt: the third waits, the second goes on. */
START_TEST(prompts_are_taken_in_the_order_of_their_coming)
{
  const struct tp_server server = server_of(10);
  const struct tp_arrival items[] = {{0, 6, 1}, {0, 6, 1}, {0, 6, 1}};
  const struct tp_serving serving = serve(&server, items, 3, 3);
  ASSERT_STEP(0, {2, 5, 0}); /* 6 and 4 of 6, in one octave, at their mean */
  ASSERT_STEP(1, {1, 2, 4}, {1, 6, 0});
  assert_visit(&serving, 0, 0, 1, 1);
  assert_visit(&serving, 1, 0, 2, 2);
  assert_visit(&serving, 2, 0, 2, 2);
}
END_TEST

/* Room for 20 bytes: two of 8 run, the third waits for one of them to end. */
START_TEST(a_request_waits_for_room_for_all_its_tokens)
{
  struct tp_server server = server_of(100);
  server.room_bytes = 20;
  const struct tp_arrival items[] = {{0, 5, 3}, {0, 5, 3}, {0, 5, 3}};
  const struct tp_serving serving = serve(&server, items, 3, 3);
  assert_visit(&serving, 0, 0, 1, 3);
  assert_visit(&serving, 2, 0, 4, 6);
  ck_assert_double_eq(serving.sequences, 1.5); /* two for three seconds, one for three */
}
END_TEST

/* The same where the cache grows: three fit with 6 bytes each, then with 7 two; the last computes
 * its prompt and its first token again when there is room for both. */
START_TEST(a_cache_that_grows_puts_the_last_one_out)
{
  struct tp_server server = server_of(100);
  server.room_bytes = 20;
  server.cache_grows = true;
  const struct tp_arrival items[] = {{0, 5, 3}, {0, 5, 3}, {0, 5, 3}};
  const struct tp_serving serving = serve(&server, items, 3, 3);
  ASSERT_STEP(0, {3, 5, 0});
  ASSERT_STEP(1, {2, 1, 5});
  ASSERT_STEP(2, {2, 1, 6});
  ASSERT_STEP(3, {1, 6, 0});
  ASSERT_STEP(4, {1, 1, 6});
  assert_visit(&serving, 1, 0, 1, 3);
  assert_visit(&serving, 2, 0, 1, 5);
  ck_assert_double_eq(serving.recomputed, 5); /* the token it had made was not there yet */
  server.room_bytes = 13;                     /* for one of two that have 7 */
  n_steps = 0;
  const struct tp_serving alone = serve(&server, items, 2, 2);
  ASSERT_STEP(0, {2, 5, 0});
  ASSERT_STEP(1, {1, 1, 5});
  assert_visit(&alone, 0, 0, 1, 3);
}
END_TEST

/* A request that makes nothing has no token that comes next. */
START_TEST(a_cache_that_grows_holds_no_more_than_a_request)
{
  struct tp_server server = server_of(100);
  server.room_bytes = 10;
  server.cache_grows = true;
  const struct tp_arrival items[] = {{0, 5, 0}, {0, 5, 0}};
  serve(&server, items, 2, 2);
  ck_assert_int_eq(n_steps, 1);
  ASSERT_STEP(0, {2, 5, 0});
}
END_TEST

/* A token each, at contexts 4 and 9 by their second step, whoever came first. */
START_TEST(of_replicas_with_as_many_tokens_the_longest_context_counts)
{
  struct tp_server server = server_of(12);
  server.replicas = 2;
  const struct tp_arrival items[2][2] = {{{0, 4, 2}, {0, 9, 2}}, {{0, 9, 2}, {0, 4, 2}}};
  for (int i = 0; i < 2; i++) {
    n_steps = 0;
    serve(&server, items[i], 2, 2);
    ASSERT_STEP(0, {1, 9, 0});
    ASSERT_STEP(1, {1, 1, 9});
  }
}
END_TEST

/* Where prompts come first, the three that decode in one replica wait for the prompt of two tokens
 * in the other, which has the step's only work. */
START_TEST(those_that_wait_make_no_replica_fuller)
{
  struct tp_server server = server_of(12);
  server.replicas = 2;
  server.prefills_first = true;
  const struct tp_arrival items[] = {{0, 4, 3}, {0, 4, 1}, {0, 4, 3},
                                     {0, 4, 1}, {0, 4, 3}, {0.5, 2, 1}};
  const struct tp_serving serving = serve(&server, items, 6, 0);
  ck_assert_int_eq(n_steps, 4);
  ASSERT_STEP(0, {3, 4, 0});
  ASSERT_STEP(1, {1, 2, 0});
  ASSERT_STEP(2, {3, 1, 4});
  ASSERT_STEP(3, {3, 1, 5});
  assert_visit(&serving, 0, 0, 1, 4);
  assert_visit(&serving, 5, 0.5, 2, 2);
}
END_TEST

START_TEST(no_more_run_at_once_than_asked)
{
  struct tp_server server = server_of(100);
  server.most_sequences = 1;
  const struct tp_arrival items[] = {{0, 5, 3}, {0, 5, 3}};
  const struct tp_serving serving = serve(&server, items, 2, 2);
  assert_visit(&serving, 1, 0, 4, 6);
}
END_TEST

/* Five sequences over two replicas: the fuller one has three; room and budget are those of each. */
START_TEST(replicas_share_sequences_out)
{
  struct tp_server server = server_of(12);
  server.replicas = 2;
  server.room_bytes = 24;
  const struct tp_arrival items[] = {{0, 4, 4}, {0, 4, 4}, {0, 4, 4}, {0, 4, 4}, {0, 4, 4}};
  const struct tp_serving serving = serve(&server, items, 5, 5);
  ASSERT_STEP(0, {3, 4, 0});
  ASSERT_STEP(1, {3, 1, 4});
  assert_visit(&serving, 4, 0, 1, 4);
  server.room_bytes = 20; /* for two of them in each */
  n_steps = 0;
  const struct tp_serving narrow = serve(&server, items, 5, 5);
  ASSERT_STEP(0, {2, 4, 0});
  assert_visit(&narrow, 4, 0, 5, 8);
}
END_TEST

START_TEST(a_request_goes_to_the_emptiest_replica)
{
  struct tp_server server = server_of(12);
  server.replicas = 3;
  const struct tp_arrival items[] = {{0, 4, 2}, {0, 4, 2}, {0, 4, 2}, {0, 4, 2}};
  serve(&server, items, 3, 3);
  ASSERT_STEP(0, {1, 4, 0});
  n_steps = 0;
  serve(&server, items, 4, 4);
  ASSERT_STEP(0, {2, 4, 0});
}
END_TEST

/* The long prompt is one replica's, in steps of its budget, however short those of the other are.
 */
START_TEST(the_fullest_replica_sets_the_pace)
{
  struct tp_server server = server_of(12);
  server.replicas = 2;
  const struct tp_arrival items[] = {{0, 20, 1}, {0, 1, 1}, {0, 1, 1}};
  const struct tp_serving serving = serve(&server, items, 3, 3);
  ck_assert_int_eq(n_steps, 2);
  ASSERT_STEP(0, {1, 12, 0});
  ASSERT_STEP(1, {1, 8, 12});
  assert_visit(&serving, 0, 0, 2, 2);
  assert_visit(&serving, 2, 0, 1, 1);
}
END_TEST

/* By octaves: 800 of 512 to 1023, 5 and 7 of 4 to 7, 1. */
START_TEST(prompts_of_unlike_lengths_are_told_apart)
{
  const struct tp_server server = server_of(1000);
  const struct tp_arrival items[] = {{0, 5, 1}, {0, 800, 1}, {0, 1, 1}, {0, 7, 1}, {0, 1, 1}};
  serve(&server, items, 5, 5);
  ck_assert_int_eq(n_steps, 1);
  ASSERT_STEP(0, {1, 800, 0}, {2, 6, 0}, {2, 1, 0});
}
END_TEST

START_TEST(nobody_comes_for_a_while)
{
  const struct tp_server server = server_of(10);
  const struct tp_arrival items[] = {{0, 4, 1}, {7.5, 4, 1}};
  const struct tp_serving serving = serve(&server, items, 2, 0);
  assert_visit(&serving, 1, 7.5, 8.5, 8.5);
  ck_assert_int_eq(serving.steps, 2);
}
END_TEST

START_TEST(a_request_that_never_fits_is_said)
{
  struct tp_server server = server_of(10);
  server.room_bytes = 7e9;
  struct tp_arrival item = {0, 4000000000, 4000000000};
  const struct tp_arrivals arrivals = {&item, 1};
  struct tp_serving serving;
  struct tp_error error;
  ck_assert_int_eq(tp_server_run(&server, &arrivals, 1, arena, &serving, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "does not fit: the cache of a request of 4000000000 and 4000000000 "
                               "tokens takes 8 GB a GPU and 7 are left for all");
}
END_TEST

/* Times to first token 1, 2, 3, 4 s; 2 tokens more in 1, 2, 3 s, and one that makes one alone. */
START_TEST(figures_are_those_of_the_requests)
{
  struct tp_visit visits[] = {{0, 1, 2, 5, 3}, {1, 3, 5, 5, 3}, {1, 4, 7, 5, 3}, {2, 6, 6, 5, 1}};
  const struct tp_serving serving = {.visits = visits, .n = 4, .ended_s = 10, .steps = 7};
  struct tp_served row;
  tp_served_clear(&row);
  tp_served_fill(&serving, 2, arena, &row);
  ck_assert_double_eq(row.ttft_s, 2.5);
  ck_assert_double_eq(row.ttft_p50_s, 2.5);
  ck_assert_double_eq_tol(row.ttft_p90_s, 3.7, 1e-12);
  ck_assert_double_eq_tol(row.ttft_p99_s, 3.97, 1e-12);
  ck_assert_double_eq(row.tpot_s, 1);
  ck_assert_double_eq(row.tpot_p50_s, 1);
  ck_assert_double_eq_tol(row.tpot_p90_s, 1.4, 1e-12);
  ck_assert_double_eq_tol(row.tpot_p99_s, 1.49, 1e-12);
  ck_assert_double_eq(row.e2e_s, (2 + 4 + 6 + 4) / 4.0);
  ck_assert_double_eq(row.tokens_per_s, 1);
  ck_assert_double_eq(row.tokens_per_s_per_gpu, 0.5);
  ck_assert_double_eq(row.steps, 7);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("server");
  TCase *steps_by_hand = tcase_create("steps");
  tcase_add_checked_fixture(steps_by_hand, setup, teardown);
  tcase_add_test(steps_by_hand, a_request_alone_prefills_in_chunks_and_decodes);
  tcase_add_test(steps_by_hand, a_closed_loop_keeps_so_many_under_way);
  tcase_add_test(steps_by_hand, prompts_take_what_decode_leaves_of_the_budget);
  tcase_add_test(steps_by_hand, prompts_that_go_first_stop_decode);
  tcase_add_test(steps_by_hand, prompts_are_taken_in_the_order_of_their_coming);
  tcase_add_test(steps_by_hand, a_request_waits_for_room_for_all_its_tokens);
  tcase_add_test(steps_by_hand, a_cache_that_grows_puts_the_last_one_out);
  tcase_add_test(steps_by_hand, a_cache_that_grows_holds_no_more_than_a_request);
  tcase_add_test(steps_by_hand, of_replicas_with_as_many_tokens_the_longest_context_counts);
  tcase_add_test(steps_by_hand, those_that_wait_make_no_replica_fuller);
  tcase_add_test(steps_by_hand, no_more_run_at_once_than_asked);
  tcase_add_test(steps_by_hand, replicas_share_sequences_out);
  tcase_add_test(steps_by_hand, a_request_goes_to_the_emptiest_replica);
  tcase_add_test(steps_by_hand, the_fullest_replica_sets_the_pace);
  tcase_add_test(steps_by_hand, prompts_of_unlike_lengths_are_told_apart);
  tcase_add_test(steps_by_hand, nobody_comes_for_a_while);
  tcase_add_test(steps_by_hand, a_request_that_never_fits_is_said);
  tcase_add_test(steps_by_hand, figures_are_those_of_the_requests);
  suite_add_tcase(suite, steps_by_hand);
  return suite;
}
TP_SUITE_MAIN
