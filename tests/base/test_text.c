#include "../random.h"
#include "../suite.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static struct tp_arena *arena;
static struct tp_error error;

static void setup(void)
{
  arena = tp_arena_create();
}

static void teardown(void)
{
  tp_arena_free(arena);
}

static const struct {
  const char *a, *b;
  size_t distance;
} distances[] = {
    {"", "", 0},          {"a", "", 1},         {"kitten", "sitting", 3}, {"ladder", "laddre", 1},
    {"ca", "abc", 3},     {"DGX", "dgx", 0},    {"ring", "rings", 1},     {"tree", "three", 1},
    {"abcdef", "abc", 3}, {"abc", "abcdef", 3},
};

START_TEST(distance_counts_edits)
{
  ck_assert_uint_eq(tp_text_distance(distances[_i].a, distances[_i].b), distances[_i].distance);
  ck_assert_uint_eq(tp_text_distance(distances[_i].b, distances[_i].a), distances[_i].distance);
}
END_TEST

START_TEST(long_words_are_far)
{
  char word[101] = "";
  memset(word, 'a', 100);
  ck_assert_uint_eq(tp_text_distance(word, word), 100);
}
END_TEST

static const char *const names[] = {"llama-3.1-8b", "llama-3.1-70b", "ladder-1b",
                                    "ladder-3b",    "t-nlg",         "mistral-7b"};

static const struct {
  const char *word, *hint;
} hints[] = {
    {"lader-1b", "; did you mean 'ladder-1b' or 'ladder-3b'?"},
    {"lama-8b", "; did you mean 'llama-3.1-8b'?"},
    {"LLAMA-3.1-8B", "; did you mean 'llama-3.1-8b'?"},
    {"tnlg", "; did you mean 't-nlg'?"},
    {"zzz", "; known: llama-3.1-8b, llama-3.1-70b, ladder-1b, ladder-3b, t-nlg, mistral-7b"},
};

START_TEST(hints_name_the_closest)
{
  ck_assert_str_eq(tp_text_hint(arena, hints[_i].word, names, sizeof names / sizeof names[0]),
                   hints[_i].hint);
}
END_TEST

START_TEST(hints_stop_at_three_and_twelve)
{
  const char *many[20];
  for (size_t i = 0; i < 20; i++)
    many[i] = tp_arena_printf(arena, "name%02zu", i);
  ck_assert_str_eq(tp_text_hint(arena, "name0", many, 20),
                   "; did you mean 'name00' or 'name01' or 'name02'?");
  ck_assert_str_eq(tp_text_hint(arena, "NAME03", many + 1, 9), "; did you mean 'name03'?");
  const char *const known = tp_text_hint(arena, "q", many, 20);
  ck_assert_ptr_nonnull(strstr(known, "name11, ..."));
  ck_assert_ptr_null(strstr(known, "name12"));
  ck_assert_str_eq(tp_text_hint(arena, "q", many, 0), "");
}
END_TEST

/* A name that has the word is meant before one that is a letter off. */
START_TEST(hints_name_what_has_the_word)
{
  static const char *const devices[] = {"h20", "h100-sxm", "h200-sxm", "b200-sxm"};
  static const char *const dtypes[] = {"nvfp4", "w4a16-mxfp4", "w4a8-mxfp4"};
  ck_assert_str_eq(tp_text_hint(arena, "h200", devices, 4), "; did you mean 'h200-sxm'?");
  ck_assert_str_eq(tp_text_hint(arena, "B200", devices, 4), "; did you mean 'b200-sxm'?");
  ck_assert_str_eq(tp_text_hint(arena, "mxfp4", dtypes, 3),
                   "; did you mean 'w4a8-mxfp4' or 'w4a16-mxfp4'?");
}
END_TEST

START_TEST(slips_are_a_letter_off)
{
  ck_assert(tp_text_is_slip("promt", "prompt"));
  ck_assert(tp_text_is_slip("micro-batch", "micro_batch"));
  ck_assert(tp_text_is_slip("M", "m"));
  ck_assert(!tp_text_is_slip("m", "m"));
  ck_assert(!tp_text_is_slip("n", "m"));
  ck_assert(!tp_text_is_slip("tps", "tp"));
  ck_assert(!tp_text_is_slip("input_len", "prompt"));
  ck_assert(!tp_text_is_slip("moe_dtype", "kv_dtype"));
}
END_TEST

static const char *const numbers[] = {"0", "1", "-1", "+2", "1e9", "1.5E-3", ".5", "5."};
static const char *const no_numbers[] = {"",   "nan",   "inf", "-Infinity", "0x10", " 1",
                                         "1 ", "1e400", "1,5", "1e",        "--1",  "16k",
                                         ".",  "e5",    "1-2", "+",         "1\n2", "1:2"};

START_TEST(numbers_are_plain_c)
{
  double value = -7;
  ck_assert(tp_text_number(numbers[_i], &value));
  ck_assert_double_eq(value, strtod(numbers[_i], NULL));
}
END_TEST

START_TEST(other_words_are_no_numbers)
{
  double value = -7;
  ck_assert_msg(!tp_text_number(no_numbers[_i], &value), "'%s' was taken", no_numbers[_i]);
  ck_assert_double_eq(value, -7);
}
END_TEST

static const struct {
  const char *text;
  size_t n;
  double first, last, sum;
} lists[] = {
    {"8", 1, 8, 8, 8},
    {"1,2,4:16:x2", 5, 1, 16, 31},
    {"20:40:10", 3, 20, 40, 90},
    {"3:5", 3, 3, 5, 12},
    {"1:64:x2", 7, 1, 64, 127},
    {"1:65:x2", 7, 1, 64, 127},
    {"0:1:0.1", 11, 0, 1, 5.5},
    {"0:0.3:0.1", 4, 0, 0.3, 0.6},
    {"5:5", 1, 5, 5, 5},
    {"-2:2:2", 3, -2, 2, 0},
    {"1:100000", 100000, 1, 100000, 5000050000},
};

START_TEST(lists_and_ranges)
{
  double *values;
  size_t n;
  ck_assert_msg(tp_text_numbers("--tp", lists[_i].text, arena, &values, &n, &error) == TP_OK, "%s",
                error.text);
  ck_assert_uint_eq(n, lists[_i].n);
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += values[i];
  ck_assert_rel(values[0], lists[_i].first, 1e-12);
  ck_assert_rel(values[n - 1], lists[_i].last, 1e-12);
  ck_assert_rel(sum, lists[_i].sum, 1e-12);
}
END_TEST

static const struct {
  const char *text, *message;
} bad_lists[] = {
    {"", "--tp: empty value; write values joined by single commas"},
    {"1,,2", "--tp: empty item in the list; write values joined by single commas"},
    {"1,", "--tp: empty item in the list; write values joined by single commas"},
    {"a", "--tp: 'a' is not a number; write numbers like 8, 1,2,4 or 1:64:x2"},
    {"1:b", "--tp: 'b' in '1:b' is not a number"},
    {"1:2:y2", "--tp: step 'y2' in '1:2:y2' is not a number, nor x and a number as in 1:64:x2"},
    {"4:1", "--tp: range '4:1' runs backwards; write the smaller end first"},
    {"1:4:0", "--tp: range '1:4:0' never reaches its end; step must be > 0"},
    {"1:4:-1", "--tp: range '1:4:-1' never reaches its end; step must be > 0"},
    {"1:4:x1",
     "--tp: range '1:4:x1' never reaches its end; xF needs F above 1 and a start above 0"},
    {"0:4:x2",
     "--tp: range '0:4:x2' never reaches its end; xF needs F above 1 and a start above 0"},
    {"1:1e9", "--tp: more than 100000 values; take larger steps"},
    {"1:2:1e-30", "--tp: the step of '1:2:1e-30' is too small"},
    {"nan", "--tp: 'nan' is not a number; write numbers like 8, 1,2,4 or 1:64:x2"},
};

START_TEST(bad_lists_say_what_and_how)
{
  double *values = NULL;
  size_t n = 77;
  ck_assert_int_eq(tp_text_numbers("--tp", bad_lists[_i].text, arena, &values, &n, &error),
                   TP_E_INPUT);
  ck_assert_str_eq(error.text, bad_lists[_i].message);
  ck_assert_ptr_null(values);
  ck_assert_uint_eq(n, 77);
}
END_TEST

START_TEST(words_are_split_at_commas)
{
  const char **words;
  size_t n;
  ck_assert_int_eq(tp_text_words("--variant", "a,bc,d", arena, &words, &n, &error), TP_OK);
  ck_assert_uint_eq(n, 3);
  ck_assert_str_eq(words[0], "a");
  ck_assert_str_eq(words[1], "bc");
  ck_assert_str_eq(words[2], "d");
}
END_TEST

/* Any integer range has the elements a loop gives, whatever the ends and the step. */
START_TEST(random_ranges_match_a_loop)
{
  for (int i = 0; i < tp_random_cases(2000); i++) {
    uint64_t state = tp_random_seed(i);
    const long first = (long)tp_random_below(&state, 200) - 100;
    const long last = first + (long)tp_random_below(&state, 300);
    const long step = 1 + (long)tp_random_below(&state, 40);
    const char *const text = tp_arena_printf(arena, "%ld:%ld:%ld", first, last, step);
    double *values;
    size_t n;
    ck_assert_int_eq(tp_text_numbers("range", text, arena, &values, &n, &error), TP_OK);
    size_t at = 0;
    for (long want = first; want <= last; want += step, at++)
      ck_assert_msg(at < n && values[at] == (double)want, "case %d: %s at %zu", i, text, at);
    ck_assert_msg(at == n, "case %d: %s has %zu values, want %zu", i, text, n, at);
    tp_arena_reset(arena);
  }
}
END_TEST

/* Random words from the alphabet of numbers and ranges: no crash, finite values or a message. */
START_TEST(random_lists_never_surprise)
{
  static const char alphabet[] = "0123456789.,:x-+e";
  int accepted = 0, refused = 0;
  for (int i = 0; i < tp_random_cases(20000); i++) {
    uint64_t state = tp_random_seed(i);
    char text[16] = "";
    const size_t length = tp_random_below(&state, 10);
    for (size_t j = 0; j < length; j++)
      text[j] = alphabet[tp_random_below(&state, sizeof alphabet - 1)];
    double *values;
    size_t n = 0;
    error.text[0] = '\0';
    if (tp_text_numbers("list", text, arena, &values, &n, &error) == TP_OK) {
      accepted++;
      ck_assert_msg(n >= 1, "case %d: '%s' is empty", i, text);
      for (size_t j = 0; j < n; j++)
        ck_assert_msg(isfinite(values[j]), "case %d: '%s' gives %g", i, text, values[j]);
    } else {
      refused++;
      ck_assert_msg(strncmp(error.text, "list: ", 6) == 0, "case %d: '%s': %s", i, text,
                    error.text);
    }
    tp_arena_reset(arena);
  }
  ck_assert_int_gt(accepted, refused / 100);
  ck_assert_int_gt(refused, accepted / 100);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("text");
  TCase *const words = tcase_create("words");
  tcase_add_checked_fixture(words, setup, teardown);
  tcase_add_loop_test(words, distance_counts_edits, 0, COUNT(distances));
  tcase_add_test(words, long_words_are_far);
  tcase_add_loop_test(words, hints_name_the_closest, 0, COUNT(hints));
  tcase_add_test(words, hints_stop_at_three_and_twelve);
  tcase_add_test(words, hints_name_what_has_the_word);
  tcase_add_test(words, slips_are_a_letter_off);
  tcase_add_test(words, words_are_split_at_commas);
  suite_add_tcase(s, words);
  TCase *const values = tcase_create("numbers");
  tcase_add_checked_fixture(values, setup, teardown);
  tcase_set_timeout(values, 60);
  tcase_add_loop_test(values, numbers_are_plain_c, 0, COUNT(numbers));
  tcase_add_loop_test(values, other_words_are_no_numbers, 0, COUNT(no_numbers));
  tcase_add_loop_test(values, lists_and_ranges, 0, COUNT(lists));
  tcase_add_loop_test(values, bad_lists_say_what_and_how, 0, COUNT(bad_lists));
  tcase_add_test(values, random_ranges_match_a_loop);
  tcase_add_test(values, random_lists_never_surprise);
  suite_add_tcase(s, values);
  return s;
}
TP_SUITE_MAIN
