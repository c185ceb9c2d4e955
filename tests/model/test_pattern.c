/* Runs of layers: letters are kinds, "10x(LLLLLG) 2x(L)" is what they become. */
#include "../random.h"
#include "../suite.h"
#include "model/pattern.h"

#include <string.h>

enum { MOST_LAYERS = 256, MOST_TEXT = 1024 };

static unsigned char kinds_of[MOST_LAYERS];

static struct tp_model model_of(const char *letters)
{
  struct tp_model model = {.layers = (int64_t)strlen(letters), .n_kinds = 3, .kind_of = kinds_of};
  for (size_t i = 0; letters[i] != '\0'; i++)
    kinds_of[i] = letters[i] == 'L' ? 0 : letters[i] == 'G' ? 1 : 2;
  return model;
}

/* The runs of the range, as text. */
static const char *runs_text(const struct tp_model *model, struct tp_layer_range range,
                             char text[MOST_TEXT])
{
  struct tp_layer_run runs[TP_MAX_LAYER_RUNS];
  const int n = tp_pattern_runs(model, range, runs);
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < n; i++) {
    used += (size_t)snprintf(text + used, MOST_TEXT - used, "%s%lldx(", i == 0 ? "" : " ",
                             (long long)runs[i].repeat);
    for (int64_t l = 0; l < runs[i].cycle * range.group; l++)
      text[used++] = "LGD"[tp_model_kind_of(model, runs[i].first + (range.backward ? -l : l))];
    text[used++] = ')';
    text[used] = '\0';
  }
  return text;
}

static const struct {
  const char *letters, *runs, *pairs, *backward;
} patterns[] = {
    {"LLLLLLL", "7x(L)", NULL, "7x(L)"},
    {"LGLGLGLG", "4x(LG)", "4x(LG)", "4x(GL)"},
    {"LGLGLGL", "3x(LG) 1x(L)", NULL, "3x(LG) 1x(L)"},
    {"LLLLLGLLLLLGLLLLLGLL", "3x(LLLLLG) 2x(L)", "3x(LLLLLG) 1x(LL)", "3x(LLGLLL) 2x(L)"},
    {"DDDLLLLL", "3x(D) 5x(L)", "1x(DDDL) 2x(LL)", "5x(L) 3x(D)"},
    {"GGGGLLLL", "4x(G) 4x(L)", "2x(GG) 2x(LL)", "4x(L) 4x(G)"},
    {"LGD", "1x(LGD)", NULL, "1x(DGL)"},
    {"DLGLG", "1x(D) 2x(LG)", NULL, "2x(GL) 1x(D)"},
    {"L", "1x(L)", NULL, "1x(L)"},
};

START_TEST(cycles_are_found)
{
  char text[MOST_TEXT];
  const struct tp_model model = model_of(patterns[_i].letters);
  struct tp_layer_range range = {.count = model.layers, .group = 1};
  ck_assert_str_eq(runs_text(&model, range, text), patterns[_i].runs);
  range.backward = true;
  ck_assert_str_eq(runs_text(&model, range, text), patterns[_i].backward);
  range = (struct tp_layer_range){.count = model.layers, .group = 2};
  if (patterns[_i].pairs != NULL)
    ck_assert_str_eq(runs_text(&model, range, text), patterns[_i].pairs);
}
END_TEST

START_TEST(a_part_of_the_layers)
{
  char text[MOST_TEXT];
  const struct tp_model model = model_of("LGLGLGLG");
  struct tp_layer_range range = {.first = 1, .count = 7, .group = 1};
  ck_assert_str_eq(runs_text(&model, range, text), "3x(GL) 1x(G)");
  range.count = 0;
  ck_assert_str_eq(runs_text(&model, range, text), "");
}
END_TEST

START_TEST(layers_alike_are_one_run)
{
  const struct tp_model model = {.layers = 80};
  struct tp_layer_run runs[TP_MAX_LAYER_RUNS];
  const struct tp_layer_range range = {.first = 1, .count = 78, .group = 2};
  ck_assert_int_eq(tp_pattern_runs(&model, range, runs), 1);
  ck_assert(runs[0].first == 1 && runs[0].cycle == 1 && runs[0].repeat == 39);
  ck_assert_int_eq(tp_model_layers_of(&model, 0, 0, 80), 80);
  ck_assert_int_eq(tp_model_n_kinds(&model), 1);
}
END_TEST

/* Whatever the order, runs one after the other are the layers, and no more runs than there is room
 * for. */
START_TEST(runs_cover_the_layers)
{
  int full = 0;
  for (int c = 0; c < tp_random_cases(3000); c++) {
    uint64_t state = tp_random_seed(c);
    char letters[MOST_LAYERS] = {0};
    const int64_t period = 1 + (int64_t)tp_random_below(&state, 40);
    const int64_t layers = 1 + (int64_t)tp_random_below(&state, 120);
    for (int64_t i = 0; i < layers; i++)
      letters[i] = i < period || tp_random_below(&state, 30) == 0
                       ? "LGD"[tp_random_below(&state, 3)]
                       : letters[i - period];
    const struct tp_model model = model_of(letters);
    const struct tp_layer_range range = {
        .count = layers, .group = layers % 2 == 0 ? 2 : 1, .backward = c % 2 == 1};
    struct tp_layer_run runs[TP_MAX_LAYER_RUNS];
    const int n = tp_pattern_runs(&model, range, runs);
    full += n == TP_MAX_LAYER_RUNS;
    int64_t at = 0, counts[3] = {0};
    for (int i = 0; i < n; i++)
      for (int64_t r = 0; r < runs[i].repeat; r++)
        for (int64_t l = 0; l < runs[i].cycle * range.group; l++, at++) {
          const int64_t layer = range.backward ? layers - 1 - at : at;
          const int64_t like = runs[i].first + (range.backward ? -l : l);
          ck_assert_msg(at < layers && letters[layer] == letters[like], "case %d, layer %d", c,
                        (int)at);
        }
    ck_assert_int_eq(at, layers);
    for (int kind = 0; kind < 3; kind++)
      counts[kind] = tp_model_layers_of(&model, kind, 0, model.layers);
    ck_assert_int_eq(counts[0] + counts[1] + counts[2], layers);
  }
  ck_assert_int_gt(full, 0);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("pattern");
  TCase *const runs = tcase_create("runs");
  tcase_add_loop_test(runs, cycles_are_found, 0, (int)(sizeof patterns / sizeof patterns[0]));
  tcase_add_test(runs, a_part_of_the_layers);
  tcase_add_test(runs, layers_alike_are_one_run);
  tcase_add_test(runs, runs_cover_the_layers);
  suite_add_tcase(s, runs);
  return s;
}

TP_SUITE_MAIN
