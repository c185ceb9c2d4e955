#include "../random.h"
#include "../suite.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tp_arena *arena;
static struct tp_error error;
static struct tp_doc doc;

static void setup(void)
{
  arena = tp_arena_create();
  doc = (struct tp_doc){.root = NULL};
}

static void teardown(void)
{
  if (doc.root != NULL)
    tp_doc_close(&doc);
  tp_arena_free(arena);
}

static const char text[] = "{\n"
                           "  \"name\": \"a {[ \\\"gemm\\\": \",\n"
                           "  \"gemm\": {\n"
                           "    \"tile_m\": 128, \"flat\": true,\n"
                           "    \"ratio\": 0.5\n"
                           "  },\n"
                           "  \"links\": [\n"
                           "    {\"a\": 1},\n"
                           "    {\"a\": 2, \"latency_s\": 1e-6}\n"
                           "  ],\n"
                           "  \"grid\": [[1, 2],\n"
                           "           [3, 4]],\n"
                           "  \"nothing\": null\n"
                           "}\n";

static void parse(const char *json)
{
  ck_assert_msg(tp_doc_parse("t.json", json, arena, &doc, &error) == TP_OK, "%s", error.text);
}

#define NO_NUMBER (double)NAN
static const struct {
  const char *path;
  int line;
  double value;
} places[] = {
    {"", 1, NO_NUMBER},
    {"name", 2, NO_NUMBER},
    {"gemm", 3, NO_NUMBER},
    {"gemm.tile_m", 4, 128},
    {"gemm.flat", 4, NO_NUMBER},
    {"gemm.ratio", 5, 0.5},
    {"links[0].a", 8, 1},
    {"links[1].latency_s", 9, 1e-6},
    {"grid[0][1]", 11, 2},
    {"grid[1][0]", 12, 3},
    {"nothing", 13, NO_NUMBER},
    /* not there: the line of the deepest part that is */
    {"gemm.tile_x", 3, NO_NUMBER},
    {"links[2].a", 7, NO_NUMBER},
    {"links[1].b", 9, NO_NUMBER},
    {"grid[1][2]", 12, NO_NUMBER},
    {"other.thing", 1, NO_NUMBER},
    {"gemm.tile_m.deeper", 4, NO_NUMBER},
    {"links[x]", 7, NO_NUMBER},
};

START_TEST(paths_have_values_and_lines)
{
  parse(text);
  const json_t *const value = tp_doc_at(&doc, places[_i].path);
  ck_assert_int_eq(json_is_number(value), !isnan(places[_i].value));
  if (json_is_number(value))
    ck_assert_double_eq(json_number_value(value), places[_i].value);
  ck_assert_int_eq(tp_doc_line(&doc, places[_i].path), places[_i].line);
}
END_TEST

static const struct {
  const char *json, *message;
} faults[] = {
    {"", "t.json:1: empty; a JSON object { ... } must stand here"},
    {"[]", "t.json:1: an array; a JSON object { ... } must stand here"},
    {"{\n\"a\": 1,\n\"a\": 2}",
     "t.json:3: not valid JSON: duplicate object key near '\"a\"'; mend it at column 3"},
    {"{\n\"a\": NaN}", "t.json:2: not valid JSON: invalid token near 'NaN'; mend it at column 8"},
    {"{\"a\": 1e999}",
     "t.json:1: not valid JSON: real number overflow near '1e999'; mend it at column 11"},
    {"{\"a\": 1", "t.json:1: not valid JSON: '}' expected near end of file; mend it at column 7"},
};

START_TEST(no_json_is_refused_with_its_line)
{
  ck_assert_int_eq(tp_doc_parse("t.json", faults[_i].json, arena, &doc, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, faults[_i].message);
}
END_TEST

static const struct {
  const char *path, *value, *message; /* NULL: taken */
} sets[] = {
    {"gemm.tile_m", "64", NULL},
    {"gemm.tile_m", "6.5", NULL},
    {"links[1].latency_s", "2e-6", NULL},
    {"grid[1][0]", "9", NULL},
    {"gemm.flat", "false", NULL},
    {"name", "a b", NULL},
    {"name", "\"quoted\"", NULL},
    {"name", "12", NULL},
    {"gemm.tile_m", "big",
     "t.json:4: gemm.tile_m: 'big' is not a number, as the value in the file is"},
    {"gemm.tile_m", "\"64\"",
     "t.json:4: gemm.tile_m: '\"64\"' is not a number, as the value in the file is"},
    {"gemm.flat", "1",
     "t.json:4: gemm.flat: '1' is not a true or false, as the value in the file is"},
    {"gemm.tilem", "1", "t.json has no value 'gemm.tilem'; did you mean 'gemm.tile_m'?"},
    {"gemm", "1", "t.json:3: gemm: not a single value; name one inside it"},
    {"", "1", "t.json:1: not a single value; name one inside it"},
};

START_TEST(set_keeps_the_type)
{
  parse(text);
  const enum tp_status status = tp_doc_set(&doc, sets[_i].path, sets[_i].value, &error);
  if (sets[_i].message != NULL) {
    ck_assert_int_eq(status, TP_E_INPUT);
    ck_assert_str_eq(error.text, sets[_i].message);
    return;
  }
  ck_assert_msg(status == TP_OK, "%s", error.text);
  const json_t *const now = tp_doc_at(&doc, sets[_i].path);
  if (json_is_number(now))
    ck_assert_double_eq(json_number_value(now), strtod(sets[_i].value, NULL));
  else if (json_is_boolean(now))
    ck_assert(json_is_false(now));
  else if (sets[_i].value[0] == '"')
    ck_assert_str_eq(json_string_value(now), "quoted");
  else
    ck_assert_str_eq(json_string_value(now), sets[_i].value);
}
END_TEST

static bool append_path(const char *path, void *data)
{
  char *const all = data;
  strcat(strcat(all, path), " ");
  return strcmp(path, "grid[0][1]") != 0;
}

START_TEST(scalars_come_in_document_order_until_told_to_stop)
{
  parse(text);
  char all[256] = "";
  tp_doc_each_scalar(&doc, append_path, all);
  ck_assert_str_eq(all, "name gemm.tile_m gemm.flat gemm.ratio links[0].a links[1].a "
                        "links[1].latency_s grid[0][0] grid[0][1] ");
}
END_TEST

struct sample {
  double ratio, any;
  int64_t count;
  bool flag;
  const char *word;
  int colour;
};

static const char *const colours[] = {"red", "green", NULL};
static const struct tp_field fields[] = {
    {"ratio", TP_FIELD_DOUBLE, offsetof(struct sample, ratio), 0.01, 1.2, false, NULL},
    {"count", TP_FIELD_INT64, offsetof(struct sample, count), 1, 1e6, false, NULL},
    {"flag", TP_FIELD_BOOL, offsetof(struct sample, flag), 0, 0, true, NULL},
    {"word", TP_FIELD_STRING, offsetof(struct sample, word), 0, 0, true, NULL},
    {"colour", TP_FIELD_ENUM, offsetof(struct sample, colour), 0, 0, true, colours},
    {"any", TP_FIELD_DOUBLE, offsetof(struct sample, any), 0, 0, true, NULL},
};

static enum tp_status read_sample(const char *json, bool open, struct sample *sample)
{
  parse(json);
  return tp_doc_read(&doc, "", fields, sizeof fields / sizeof fields[0], open, sample, arena,
                     &error);
}

START_TEST(a_table_fills_a_struct)
{
  struct sample s = {.colour = -1};
  ck_assert_int_eq(read_sample("{\"ratio\": 1, \"count\": 80.0, \"flag\": true, \"word\": \"w\","
                               " \"colour\": \"green\", \"any\": -1e300, \"source\": \"x\","
                               " \"note_2\": 1, \"kind\": \"measured\"}",
                               false, &s),
                   TP_OK);
  ck_assert_double_eq(s.ratio, 1);
  ck_assert_int_eq(s.count, 80);
  ck_assert(s.flag);
  ck_assert_str_eq(s.word, "w");
  ck_assert_int_eq(s.colour, 1);
  ck_assert_double_eq(s.any, -1e300);
}
END_TEST

START_TEST(absent_and_null_options_keep_what_was_there)
{
  struct sample s = {.word = "before", .colour = 1};
  ck_assert_int_eq(
      read_sample("{\"ratio\": 1, \"count\": 1, \"word\": null, \"unknown\": 1}", true, &s), TP_OK);
  ck_assert_str_eq(s.word, "before");
  ck_assert_int_eq(s.colour, 1);
}
END_TEST

static const struct {
  const char *json, *message;
} misreadings[] = {
    {"{\"ratio\": 2, \"count\": 1}", "t.json:1: ratio: must be a number from 0.01 to 1.2, not 2"},
    {"{\"ratio\": 1e300, \"count\": 1}",
     "t.json:1: ratio: must be a number from 0.01 to 1.2, not 1e300"},
    {"{\"ratio\": \"1\", \"count\": 1}",
     "t.json:1: ratio: must be a number from 0.01 to 1.2, not the string \"1\""},
    {"{\"ratio\": true, \"count\": 1}",
     "t.json:1: ratio: must be a number from 0.01 to 1.2, not true"},
    {"{\"ratio\": null, \"count\": 1}",
     "t.json:1: ratio: must be a number from 0.01 to 1.2, not null"},
    {"{\"ratio\": 1,\n\"count\": 1.5}",
     "t.json:2: count: must be a whole number from 1 to 1000000, not 1.5"},
    {"{\"ratio\": 1,\n\"count\": -1}",
     "t.json:2: count: must be a whole number from 1 to 1000000, not -1"},
    {"{\"ratio\": 1,\n\"count\": []}",
     "t.json:2: count: must be a whole number from 1 to 1000000, not an array"},
    {"{\"ratio\": 1,\n\"count\": 1, \"flag\": 1}", "t.json:2: flag: must be true or false, not 1"},
    {"{\"ratio\": 1,\n\"count\": 1, \"word\": {}}",
     "t.json:2: word: must be a string, not an object"},
    {"{\"ratio\": 1,\n\"count\": 1, \"colour\": \"blue\"}",
     "t.json:2: colour: must be one of \"red\", \"green\", not the string \"blue\""},
    {"{\"ratio\": 1,\n\"coumt\": 1}", "t.json:2: coumt: unknown key; did you mean 'count'?"},
    {"{\"ratio\": 1}", "t.json:1: 'count' is missing; add it"},
    {"{\n\"x\": 1,\n\"ratio\": 9}",
     "t.json:2: x: unknown key; known: ratio, count, flag, word, colour, any"},
};

START_TEST(misreadings_name_place_and_mend)
{
  struct sample s = {.ratio = 7};
  ck_assert_int_eq(read_sample(misreadings[_i].json, false, &s), TP_E_INPUT);
  ck_assert_str_eq(error.text, misreadings[_i].message);
}
END_TEST

/* A real says which integer it is below 2^53; digits alone always do. */
START_TEST(large_reals_are_no_whole_numbers)
{
  static const struct tp_field one[] = {
      {"n", TP_FIELD_INT64, 0, 0, 0, false, NULL},
  };
  int64_t n = 0;
  parse("{\"n\": 9007199254740991.0}");
  ck_assert_int_eq(tp_doc_read(&doc, "", one, 1, false, &n, arena, &error), TP_OK);
  ck_assert_int_eq(n, 9007199254740991);
  tp_doc_close(&doc);
  parse("{\"n\": 9007199254740993}");
  ck_assert_int_eq(tp_doc_read(&doc, "", one, 1, false, &n, arena, &error), TP_OK);
  ck_assert_int_eq(n, 9007199254740993);
  tp_doc_close(&doc);
  parse("{\"n\": -9007199254740992.0}");
  ck_assert_int_eq(tp_doc_read(&doc, "", one, 1, false, &n, arena, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "t.json:1: n: must be a whole number, not -9"));
  tp_doc_close(&doc);
  parse("{\"n\": 1e19}");
  ck_assert_int_eq(tp_doc_read(&doc, "", one, 1, false, &n, arena, &error), TP_E_INPUT);
}
END_TEST

START_TEST(tables_read_where_the_path_says)
{
  parse("{\"a\": {\n\"b\": [{\"any\": 3,\n\"ratio\": 9}]}, \"c\": 1}");
  struct sample s;
  const struct tp_field any = {"any", TP_FIELD_DOUBLE, offsetof(struct sample, any), 0, 0, false,
                               NULL};
  ck_assert_int_eq(tp_doc_read(&doc, "a.b[0]", &any, 1, true, &s, arena, &error), TP_OK);
  ck_assert_double_eq(s.any, 3);
  ck_assert_int_eq(tp_doc_read(&doc, "a.b[0]", fields, 1, true, &s, arena, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.json:3: a.b[0].ratio: must be a number from 0.01 to 1.2, not 9");
  ck_assert_int_eq(tp_doc_read(&doc, "a.x", &any, 1, true, &s, arena, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.json:1: a.x: missing; an object must stand here");
  ck_assert_int_eq(tp_doc_read(&doc, "c", &any, 1, true, &s, arena, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.json:3: c: must be an object");
}
END_TEST

START_TEST(messages_stay_on_one_line)
{
  tp_fail(&error, TP_E_INPUT, "a\nb\tc");
  ck_assert_str_eq(error.text, "a b c");
}
END_TEST

/* Each leaf of a random document holds its own line number; tp_doc_line must agree. */
static void put_random(FILE *out, uint64_t *state, int depth, int *line)
{
  const size_t what = depth == 0 ? 0 : tp_random_below(state, 3);
  const size_t n = what == 2 ? 3 : tp_random_below(state, 4);
  if (depth < 4 && what != 2) {
    putc(what == 0 ? '{' : '[', out);
    for (size_t i = 0; i < n; i++) {
      if (i > 0)
        putc(',', out);
      if (tp_random_below(state, 2) == 0) {
        putc('\n', out);
        ++*line;
      }
      if (what == 0)
        fprintf(out, "\"k%zu\" : ", i);
      put_random(out, state, depth + 1, line);
    }
    putc(what == 0 ? '}' : ']', out);
    return;
  }
  fprintf(out, tp_random_below(state, 2) == 0 ? "%d" : "\"%d ]},{[ \\\" \\\\\"", *line);
}

struct line_check {
  int scalars, wrong;
};

static bool check_line(const char *path, void *data)
{
  struct line_check *const check = data;
  const json_t *const value = tp_doc_at(&doc, path);
  const int line =
      json_is_string(value) ? atoi(json_string_value(value)) : (int)json_integer_value(value);
  check->scalars++;
  check->wrong += value == NULL || tp_doc_line(&doc, path) != line;
  return true;
}

START_TEST(random_documents_know_their_lines)
{
  struct line_check check = {0};
  for (int c = 0; c < tp_random_cases(2000); c++) {
    uint64_t state = tp_random_seed(c);
    static char json[16384];
    FILE *const out = fmemopen(json, sizeof json, "w");
    int line = 1;
    put_random(out, &state, 0, &line);
    fclose(out);
    parse(json);
    tp_doc_each_scalar(&doc, check_line, &check);
    ck_assert_msg(check.wrong == 0, "case %d:\n%s", c, json);
    tp_doc_close(&doc);
    tp_arena_reset(arena);
  }
  ck_assert_int_gt(check.scalars, tp_random_cases(2000));
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
/* Whatever a file is called: what comes out is JSON and says the same. */
START_TEST(any_text_is_written_as_json)
{
  static const struct {
    const char *text, *json;
  } cases[] = {{"", "\"\""},
               {"a b/c", "\"a b/c\""},
               {"a\tb", "\"a\\tb\""},
               {"\"\\", "\"\\\"\\\\\""},
               {"\x01\r\n\x1f", "\"\\u0001\\r\\n\\u001F\""},
               {"\xC3\xA9", "\"\xC3\xA9\""},
               {"1\xFF\xC3t", "\"1\xEF\xBF\xBD\xEF\xBF\xBDt\""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *json = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&json, &size);
    tp_json_put_text(cases[i].text, out);
    fclose(out);
    ck_assert_str_eq(json, cases[i].json);
    free(json);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("json");
  TCase *const t = tcase_create("json");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, paths_have_values_and_lines, 0, COUNT(places));
  tcase_add_loop_test(t, no_json_is_refused_with_its_line, 0, COUNT(faults));
  tcase_add_loop_test(t, set_keeps_the_type, 0, COUNT(sets));
  tcase_add_test(t, scalars_come_in_document_order_until_told_to_stop);
  tcase_add_test(t, a_table_fills_a_struct);
  tcase_add_test(t, absent_and_null_options_keep_what_was_there);
  tcase_add_loop_test(t, misreadings_name_place_and_mend, 0, COUNT(misreadings));
  tcase_add_test(t, large_reals_are_no_whole_numbers);
  tcase_add_test(t, tables_read_where_the_path_says);
  tcase_add_test(t, messages_stay_on_one_line);
  tcase_add_test(t, any_text_is_written_as_json);
  tcase_add_test(t, random_documents_know_their_lines);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
