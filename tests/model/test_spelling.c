/* Forms in which files spell what others spell plainly. */
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

#define TINY                                                             \
  "\"hidden_size\":64,\"intermediate_size\":96,\"num_hidden_layers\":2," \
  "\"num_attention_heads\":4,\"num_key_value_heads\":4,\"vocab_size\":10"

/* Python's integers have no end, and two of its floats are no numbers of JSON's: where they say
 * nothing of the shape they are read over.  In texts they stay as they are. */
static const char *const python[] = {
    "\"tokenizer_model_max_length\":1000000000000000019884624838656",
    "\"_x\":[-1000000000000000019884624838656,NaN,-Infinity]",
    "\"_x\":[9223372036854775807,9223372036854775808,0.1234567890123456789012]",
    "\"_x\":\"NaN \\\" 99999999999999999999\",\"_y\":1.5e+3",
    "\"_x\":\"say \\\" NaN \\\\\",\"_y\":NaN"};

START_TEST(json_may_be_as_python_writes_it)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"llama\"," TINY ",%s}", python[_i]), arena);
  ck_assert_int_eq(m.hidden, 64);
  ck_assert_uint_eq(m.n_notes, 0);
}
END_TEST

/* A language model that does not say its family has that of Hugging Face's class. */
static const char *const parts[][2] = {{"llava", "llama"},        {"llava_onevision", "qwen2"},
                                       {"mistral3", "mistral"},   {"paligemma", "gemma"},
                                       {"internvl", "qwen2"},     {"voxtral", "llama"},
                                       {"gemma3", "gemma3_text"}, {"qwen3_vl", "qwen3_vl_text"}};

START_TEST(a_part_has_the_family_of_its_class)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"%s\",\"text_config\":{" TINY "}}", parts[_i][0]),
      arena);
  const bool said = strstr(parts[_i][1], parts[_i][0]) == NULL;
  ck_assert_str_eq(m.family, parts[_i][1]);
  ck_assert_int_eq(strstr(m.notes[0], "text_config: 'model_type' is left out; it is '") != NULL,
                   said);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("spelling");
  TCase *const t = tcase_create("spelling");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, json_may_be_as_python_writes_it, 0, COUNT(python));
  tcase_add_loop_test(t, a_part_has_the_family_of_its_class, 0, COUNT(parts));
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
