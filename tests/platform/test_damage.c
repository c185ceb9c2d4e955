/* Files damaged at random are read as what they say or refused in words, never worse. */
#include "../random.h"
#include "../toy.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tp_arena *arena;
static char path[64];

static void setup(void)
{
  arena = tp_arena_create();
  snprintf(path, sizeof path, "test_damage.%ld.xml", (long)getpid());
}

static void teardown(void)
{
  unlink(path);
  tp_arena_free(arena);
}

/* Replaces, removes or inserts a few letters that mean something. */
static char *damaged(const char *text, uint64_t *state)
{
  static const char letters[] = "{}[]<>/=&;\",:0129.-eE \ntfn\\\xff";
  size_t length = strlen(text);
  char *copy = tp_arena_alloc(arena, length + 8, 1);
  memcpy(copy, text, length);
  for (size_t n = 1 + tp_random_below(state, 3); n > 0; n--) {
    const size_t at = tp_random_below(state, length);
    const char letter = letters[tp_random_below(state, sizeof letters - 1)];
    const size_t how = tp_random_below(state, 3);
    if (how == 0)
      copy[at] = letter;
    else if (how == 1)
      memmove(copy + at, copy + at + 1, length-- - at);
    else {
      memmove(copy + at + 1, copy + at, length++ - at);
      copy[at] = letter;
    }
  }
  return copy;
}

static void check_refusal(const struct tp_error *error, const char *file, uint64_t seed)
{
  int line = 0;
  const size_t n = strlen(file);
  ck_assert_msg(strncmp(error->text, file, n) == 0 &&
                    sscanf(error->text + n, ":%d: ", &line) == 1 && line >= 1 &&
                    strchr(error->text, '\n') == NULL,
                "seed %ju: %s", (uintmax_t)seed, error->text);
}

static void save_xml(const struct tp_platform *platform)
{
  FILE *out = fopen(path, "w");
  tp_platform_write_xml(platform, 1e12, NULL, 0, out);
  fclose(out);
}

/* An accepted platform has to survive its own XML. */
static void check_platform(const struct tp_doc *doc, uint64_t seed)
{
  struct tp_platform platform, back;
  struct tp_error error;
  if (tp_platform_read(doc, arena, &platform, &error) != TP_OK) {
    check_refusal(&error, doc->path, seed);
    return;
  }
  save_xml(&platform);
  ck_assert_msg(tp_platform_read_xml(path, arena, &back, &error) == TP_OK, "seed %ju: %s",
                (uintmax_t)seed, error.text);
  ck_assert_uint_eq(platform.n_links, back.n_links);
  ck_assert_int_eq(platform.n_gpus, back.n_gpus);
}

static const char *const files[] = {"l40-x4.json", "t3-ring-8.json", "dgx-h100-nop2p.json",
                                    "devices/h100-sxm.json", "stacks/vllm-graph.json"};

START_TEST(json)
{
  const char *whole;
  struct tp_error error;
  ck_assert_int_eq(tp_file_read(tp_arena_printf(arena, TP_SRCDIR "/platforms/%s", files[_i]), arena,
                                &whole, &error),
                   TP_OK);
  whole = strdup(whole);
  for (int i = 0; i < tp_random_cases(200); i++) {
    const uint64_t seed = tp_random_seed(i);
    uint64_t state = seed;
    struct tp_doc doc;
    struct tp_device device;
    struct tp_stack stack;
    if (tp_doc_parse("damaged", damaged(whole, &state), arena, &doc, &error) != TP_OK) {
      check_refusal(&error, "damaged", seed);
      continue;
    }
    if (strchr(files[_i], '/') == NULL) {
      if (i % 8 == 0 && toy_reads_xml())
        check_platform(&doc, seed);
    } else if ((files[_i][0] == 'd' ? tp_device_read(&doc, arena, &device, &error)
                                    : tp_stack_read(&doc, arena, &stack, &error)) != TP_OK)
      check_refusal(&error, "damaged", seed);
    tp_doc_close(&doc);
    tp_arena_reset(arena);
  }
  free((char *)whole);
}
END_TEST

START_TEST(xml)
{
  const char *read;
  struct tp_error error;
  struct tp_platform platform;
  ck_assert_int_eq(tp_file_read(TP_SRCDIR "/tests/platform/tiny.xml", arena, &read, &error), TP_OK);
  char *const whole = strdup(read);
  for (int i = 0; i < tp_random_cases(toy_reads_xml() ? 60 : 0); i++) {
    const uint64_t seed = tp_random_seed(i);
    uint64_t state = seed;
    FILE *out = fopen(path, "w");
    fputs(damaged(whole, &state), out);
    fclose(out);
    if (tp_platform_read_xml(path, arena, &platform, &error) != TP_OK)
      check_refusal(&error, path, seed);
    tp_arena_reset(arena);
  }
  free(whole);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("damaged platforms");
  TCase *damage = tcase_create("damage");
  tcase_set_timeout(damage, 60);
  tcase_add_checked_fixture(damage, setup, teardown);
  tcase_add_loop_test(damage, json, 0, (int)(sizeof files / sizeof *files));
  tcase_add_test(damage, xml);
  suite_add_tcase(suite, damage);
  return suite;
}
TP_SUITE_MAIN
