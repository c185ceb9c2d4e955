#include "../random.h"
#include "../suite.h"
#include "base/csv.h"

#include <string.h>

static struct tp_arena *arena;
static struct tp_error error;
static struct tp_csv csv;

static void setup(void)
{
  arena = tp_arena_create();
}

static void teardown(void)
{
  tp_arena_free(arena);
}

static void parse(const char *text)
{
  ck_assert_msg(tp_csv_parse("t.csv", text, arena, &csv, &error) == TP_OK, "%s", error.text);
}

START_TEST(reads_header_rows_and_lines)
{
  parse("op,bytes\nall_reduce,1024\n\n  \nall_gather,2048\n");
  ck_assert_uint_eq(csv.n_columns, 2);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_str_eq(csv.columns[1], "bytes");
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 0), "all_gather");
  ck_assert_int_eq(csv.lines[0], 2);
  ck_assert_int_eq(csv.lines[1], 5);
  ck_assert_int_eq(tp_csv_column(&csv, "bytes"), 1);
  ck_assert_int_eq(tp_csv_column(&csv, "byte"), -1);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, -1), "");
}
END_TEST

START_TEST(reads_quotes_crlf_and_no_last_newline)
{
  parse("\xEF\xBB\xBF"
        "a, b ,c\r\n\"x,\"\"y\"\"\r\nz\", 2 ,\r\n4,\"\" ,6");
  ck_assert_uint_eq(csv.n_columns, 3);
  ck_assert_str_eq(csv.columns[0], "a");
  ck_assert_str_eq(csv.columns[1], "b");
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 0), "x,\"y\"\r\nz");
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 1), "2");
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 2), "");
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 1), "");
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 2), "6");
  ck_assert_int_eq(csv.lines[1], 4);
}
END_TEST

START_TEST(rows_of_empty_cells_are_blank_lines)
{
  parse(",,\na,b\n1,2\n,\n , \n\"\",\"\"\r\n,,,,\n3,\n,");
  ck_assert_str_eq(csv.columns[0], "a");
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_int_eq(csv.lines[1], 8);
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 0), "3");
}
END_TEST

START_TEST(the_header_of_a_joined_file_is_skipped)
{
  parse("a,b\n1,2\n\xEF\xBB\xBF"
        "\"a\", b\r\n3,4\na,b\n");
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_int_eq(csv.lines[1], 4);
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 0), "3");
}
END_TEST

START_TEST(header_alone_is_a_table_without_rows)
{
  parse("a,b");
  ck_assert_uint_eq(csv.n_rows, 0);
}
END_TEST

static const struct {
  const char *text, *message;
} faults[] = {
    {"", "t.csv:1: empty; the first line must name the columns"},
    {"\n \n", "t.csv:1: empty; the first line must name the columns"},
    {"\n [{\"a\": 1}]\n", "t.csv:2: JSON; give the CSV (-f csv)"},
    {"{\"a\": 1}\n", "t.csv:1: JSON; give the CSV (-f csv)"},
    {"# mine\na,b\n", "t.csv:1: a comment before the header; take it out, for the first line must "
                      "name the columns"},
    {"a,b\r1,2\r", "t.csv:1: lines end with CR alone; save them with LF"},
    {"a,b\n1\n", "t.csv:2: 1 cells where the header names 2 columns"},
    {"a,b\n1,2\n1,2,3\n", "t.csv:3: 3 cells where the header names 2 columns"},
    {"a,b\n1,2\nb,a\n", "t.csv:3: another header, of other columns or in another order; keep such "
                        "tables in files of their own"},
    {"a,b\n1,2\na,c,b\n", "t.csv:3: another header, of other columns or in another order; keep "
                          "such tables in files of their own"},
    {"a,b,a\n", "t.csv:1: column 'a' stands twice; remove one"},
    {"a\n\n\"x\n\n", "t.csv:3: a quoted cell never ends; close its quote"},
    {"a\n\"x\"y\n", "t.csv:2: text after a closing quote; double a quote inside a quoted cell"},
    {"a\nx\"y\n", "t.csv:2: a quote inside an unquoted cell; quote the whole cell and double it"},
};

START_TEST(faults_name_their_line)
{
  ck_assert_int_eq(tp_csv_parse("t.csv", faults[_i].text, arena, &csv, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, faults[_i].message);
}
END_TEST

START_TEST(the_first_column_that_is_missing_is_named)
{
  static const char *const names[] = {"n", "m", "k", "dtype"};
  parse("m,n\n1,2\n");
  ck_assert_int_eq(tp_csv_require(&csv, names, 2, &error), TP_OK);
  ck_assert_int_eq(tp_csv_require(&csv, names, 4, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.csv:1: no column 'k'; add it");
}
END_TEST

START_TEST(numbers_name_line_and_column)
{
  parse("m,n\n1.5e3,nan\n,x\n\"1,234.5\",2%\n");
  double value = 0;
  ck_assert_int_eq(tp_csv_number(&csv, 0, 0, &value, &error), TP_OK);
  ck_assert_double_eq(value, 1500);
  ck_assert_int_eq(tp_csv_number(&csv, 0, 1, &value, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.csv:2: column 'n': 'nan' is not a finite number");
  ck_assert_int_eq(tp_csv_number(&csv, 1, 0, &value, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.csv:3: column 'm' is empty; give a number");
  ck_assert_int_eq(tp_csv_number(&csv, 1, 1, &value, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.csv:3: column 'n': 'x' is not a finite number");
  ck_assert_int_eq(tp_csv_number(&csv, 2, 0, &value, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.csv:4: column 'm': '1,234.5' is not a finite number; write no "
                               "comma, and a point before decimals");
  ck_assert_int_eq(tp_csv_number(&csv, 2, 1, &value, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text,
                   "t.csv:4: column 'n': '2%' is not a finite number; write 2 % as 0.02");
  ck_assert_int_eq(tp_csv_number(&csv, 1, -1, &value, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "t.csv:3: a column with a needed number is missing");
  ck_assert_double_eq(value, 1500);
}
END_TEST

START_TEST(a_missing_file_is_bad_input)
{
  ck_assert_int_eq(tp_csv_open("no/such.csv", arena, &csv, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "no/such.csv: cannot be opened: No such file or directory");
}
END_TEST

/* What `writer` puts into the stream, as text. */
#define WRITTEN(buffer, stream, statement)                        \
  do {                                                            \
    FILE *const stream = fmemopen((buffer), sizeof(buffer), "w"); \
    statement;                                                    \
    fclose(stream);                                               \
  } while (0)

START_TEST(numbers_are_written_the_same_everywhere)
{
  char buffer[64];
  WRITTEN(buffer, out, tp_csv_put_number(out, 0.1));
  ck_assert_str_eq(buffer, "0.1");
  WRITTEN(buffer, out, tp_csv_put_number(out, 1234567890123.0));
  ck_assert_str_eq(buffer, "1.23456789e+12");
  WRITTEN(buffer, out, tp_csv_put_number(out, -0.0));
  ck_assert_str_eq(buffer, "0");
  buffer[0] = 'x';
  WRITTEN(buffer, out, (tp_csv_put_number(out, (double)NAN), putc('|', out)));
  ck_assert_str_eq(buffer, "|");
}
END_TEST

static const char *random_cell(uint64_t *state)
{
  static const char alphabet[] = "ab1 \t,\"\n\r\xC3";
  const size_t length = tp_random_below(state, 8);
  char *const cell = tp_arena_alloc(arena, length + 1, 1);
  for (size_t i = 0; i < length; i++)
    cell[i] = alphabet[tp_random_below(state, sizeof alphabet - 1)];
  return cell;
}

/* Whatever the cells hold, reading gives back what was written.  The first of a row holds
 * something: a row of empty cells is a blank line. */
START_TEST(written_tables_read_back)
{
  for (int c = 0; c < tp_random_cases(2000); c++) {
    uint64_t state = tp_random_seed(c);
    const size_t n_columns = 1 + tp_random_below(&state, 4), n_rows = tp_random_below(&state, 5);
    const char *cells[5 * 5];
    char text[1024] = "";
    FILE *const out = fmemopen(text, sizeof text, "w");
    for (size_t j = 0; j < n_columns; j++)
      fprintf(out, "%sc%zu", j == 0 ? "" : ",", j);
    putc('\n', out);
    for (size_t i = 0; i < n_rows * n_columns; i++) {
      cells[i] = random_cell(&state);
      if (i % n_columns == 0)
        cells[i] = tp_arena_printf(arena, "x%s", cells[i]);
      tp_csv_put_text(out, cells[i]);
      putc(i % n_columns == n_columns - 1 ? '\n' : ',', out);
    }
    fclose(out);
    ck_assert_msg(tp_csv_parse("t.csv", text, arena, &csv, &error) == TP_OK, "case %d: %s\n%s", c,
                  error.text, text);
    ck_assert_uint_eq(csv.n_rows, n_rows);
    for (size_t i = 0; i < n_rows * n_columns; i++)
      ck_assert_msg(strcmp(csv.cells[i], cells[i]) == 0, "case %d cell %zu: '%s' became '%s'", c, i,
                    cells[i], csv.cells[i]);
    tp_arena_reset(arena);
  }
}
END_TEST

/* Any bytes: a table with whole rows and rising lines, or a message that names a line of it. */
START_TEST(random_bytes_never_surprise)
{
  static const char alphabet[] = "ab,,,\"\n\n\r ";
  int accepted = 0, refused = 0;
  for (int c = 0; c < tp_random_cases(20000); c++) {
    uint64_t state = tp_random_seed(c);
    char text[33] = "";
    const size_t length = tp_random_below(&state, sizeof text);
    int n_lines = 1;
    for (size_t i = 0; i < length; i++) {
      text[i] = alphabet[tp_random_below(&state, sizeof alphabet - 1)];
      n_lines += text[i] == '\n';
    }
    if (tp_csv_parse("t.csv", text, arena, &csv, &error) == TP_OK) {
      accepted++;
      for (size_t i = 0; i < csv.n_rows; i++)
        ck_assert_msg(csv.lines[i] > (i == 0 ? 1 : csv.lines[i - 1]) && csv.lines[i] <= n_lines,
                      "case %d: row %zu on line %d of %d\n%s", c, i, csv.lines[i], n_lines, text);
    } else {
      refused++;
      int line = 0;
      ck_assert_msg(sscanf(error.text, "t.csv:%d: ", &line) == 1 && line >= 1 && line <= n_lines,
                    "case %d: %s", c, error.text);
    }
    tp_arena_reset(arena);
  }
  ck_assert_int_gt(accepted, refused / 100);
  ck_assert_int_gt(refused, accepted / 100);
}
END_TEST

/* What is written and what it reads back as, which is the text itself. */
static const struct {
  const char *text, *written;
} formulas[] = {
    {"=1+1", "'=1+1"},
    {"@SUM(A1)", "'@SUM(A1)"},
    {"+cmd|'/c'!A1", "'+cmd|'/c'!A1"},
    {"-1+1", "'-1+1"},
    {"'=1", "''=1"},
    {"=a,b", "\"'=a,b\""},
    {"\t=1", "\"'\t=1\""},
    {"+flash-int4:32", "+flash-int4:32"},
    {"-5", "-5"},
    {"+1e3", "+1e3"},
    {"'quoted'", "'quoted'"},
    {"a=b", "a=b"},
    {"", ""},
};

START_TEST(formulas_are_marked)
{
  char *text = NULL;
  size_t size = 0;
  struct tp_csv parsed;
  struct tp_error reason;
  struct tp_arena *own = tp_arena_create();
  FILE *const out = open_memstream(&text, &size);
  tp_csv_put_text(out, formulas[_i].text);
  fclose(out);
  ck_assert_str_eq(text, formulas[_i].written);
  const char *const file = tp_arena_printf(own, "a,b\n%s,x\n", text);
  ck_assert_int_eq(tp_csv_parse("f", file, own, &parsed, &reason), TP_OK);
  ck_assert_str_eq(tp_csv_cell(&parsed, 0, 0), formulas[_i].text);
  free(text);
  tp_arena_free(own);
}
END_TEST

START_TEST(other_separators_are_named)
{
  struct tp_csv parsed;
  struct tp_error reason;
  struct tp_arena *own = tp_arena_create();
  ck_assert_int_eq(tp_csv_parse("f", "a;b\n1;2\n", own, &parsed, &reason), TP_E_INPUT);
  ck_assert_str_eq(reason.text,
                   "f:1: columns are parted by ';', not by commas; save it as CSV with commas");
  ck_assert_int_eq(tp_csv_parse("f", "a\tb\n1\t2\n", own, &parsed, &reason), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(reason.text, "parted by tabs"));
  tp_arena_free(own);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("csv");
  TCase *const t = tcase_create("csv");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, reads_header_rows_and_lines);
  tcase_add_test(t, reads_quotes_crlf_and_no_last_newline);
  tcase_add_test(t, rows_of_empty_cells_are_blank_lines);
  tcase_add_test(t, the_header_of_a_joined_file_is_skipped);
  tcase_add_test(t, header_alone_is_a_table_without_rows);
  tcase_add_loop_test(t, faults_name_their_line, 0, (int)(sizeof faults / sizeof faults[0]));
  tcase_add_test(t, the_first_column_that_is_missing_is_named);
  tcase_add_test(t, numbers_name_line_and_column);
  tcase_add_test(t, a_missing_file_is_bad_input);
  tcase_add_test(t, numbers_are_written_the_same_everywhere);
  tcase_add_test(t, written_tables_read_back);
  tcase_add_test(t, random_bytes_never_surprise);
  tcase_add_loop_test(t, formulas_are_marked, 0, (int)(sizeof formulas / sizeof formulas[0]));
  tcase_add_test(t, other_separators_are_named);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
