#include "command/options.h"

#include "base/text.h"

#include <string.h>
#include <unistd.h>

struct reader {
  const struct tp_option *options;
  size_t n_options;
  const char *const *argv;
  size_t n_arguments, next;
  struct tp_arena *arena;
  unsigned char *values;
  bool *given; /* n_options */
};

static enum tp_status store_count(const char *name, const char *text, int64_t *count,
                                  struct tp_error *error)
{
  double value;
  if (!tp_text_number(text, &value) || value < 1 || value > 1e9 || value != (double)(int64_t)value)
    return tp_fail(error, TP_E_INPUT, "--%s '%s': give a whole number from 1", name, text);
  *count = (int64_t)value;
  return TP_OK;
}

static size_t name_length(const char *setting)
{
  const char *const equals = strchr(setting, '=');
  return equals != NULL ? (size_t)(equals - setting) : 0;
}

/* "--set tp=8": what has an option of its own is no name of a setting. */
static enum tp_status check_no_option(const struct reader *reader, const char *option,
                                      const char *text, struct tp_error *error)
{
  const size_t n = name_length(text);
  for (size_t i = 0; i < reader->n_options; i++)
    if (strlen(reader->options[i].name) == n && strncmp(reader->options[i].name, text, n) == 0)
      return tp_fail(error, TP_E_INPUT, "--%s %s: is an option; write --%.*s %s", option, text,
                     (int)n, text, text + n + 1);
  return TP_OK;
}

static enum tp_status check_word(const char *option, const char *text, const struct tp_words *given,
                                 struct tp_error *error)
{
  for (size_t i = 0; i < given->n; i++)
    if (strcmp(given->items[i], text) == 0)
      return tp_fail(error, TP_E_INPUT, "--%s %s is given twice; give it once", option, text);
  return TP_OK;
}

/* Of two values of one name, the one that does not count would be lost without a word. */
static enum tp_status check_name(const char *option, const char *text, const struct tp_words *given,
                                 struct tp_error *error)
{
  const size_t n = name_length(text);
  for (size_t i = 0; i < given->n; i++)
    if (name_length(given->items[i]) == n && strncmp(given->items[i], text, n) == 0)
      return tp_fail(error, TP_E_INPUT, "--%s %s%.*s is given twice; give it once", option,
                     n == 0 ? "without a name" : "", (int)n, text);
  return TP_OK;
}

/* The words of a list; where they are one file's name, it is not taken apart. */
static enum tp_status store_words(const struct reader *reader, const char *what, const char *text,
                                  struct tp_words *words, struct tp_error *error)
{
  if (strchr(text, ',') != NULL && access(text, F_OK) == 0)
    return tp_fail(error, TP_E_INPUT,
                   "%s '%s': a comma parts names here; give such a file another name, or name it "
                   "in quotes in a sweep's YAML or --points file",
                   what, text);
  TP_TRY(tp_text_words(what, text, reader->arena, &words->items, &words->n, error));
  return tp_text_check_words(what, words->items, words->n, reader->arena, error);
}

static enum tp_status store(struct reader *reader, const struct tp_option *option, const char *text,
                            struct tp_error *error)
{
  void *const place = reader->values + option->offset;
  const char *const what = tp_arena_printf(reader->arena, "--%s", option->name);
  switch (option->kind) {
  case TP_OPTION_FLAG:
    *(bool *)place = true;
    return TP_OK;
  case TP_OPTION_TEXT:
    *(const char **)place = text;
    return TP_OK;
  case TP_OPTION_WORDS:
    return store_words(reader, what, text, place, error);
  case TP_OPTION_NUMBERS: {
    struct tp_numbers *numbers = place;
    TP_TRY(tp_text_numbers(what, text, reader->arena, &numbers->items, &numbers->n, error));
    return tp_text_check_numbers(what, numbers->items, numbers->n, reader->arena, error);
  }
  case TP_OPTION_COUNT:
    return store_count(option->name, text, place, error);
  case TP_OPTION_REPEATED:
  case TP_OPTION_SETTINGS: {
    struct tp_words *words = place;
    if (option->kind == TP_OPTION_SETTINGS) {
      TP_TRY(check_no_option(reader, option->name, text, error));
      TP_TRY(check_name(option->name, text, words, error));
    } else {
      TP_TRY(check_word(option->name, text, words, error));
    }
    TP_APPEND(reader->arena, words->items, words->n, text);
    return TP_OK;
  }
  }
  return TP_OK;
}

static enum tp_status unknown(const struct reader *reader, const char *word, size_t length,
                              struct tp_error *error)
{
  const char **names = TP_NEW(reader->arena, const char *, reader->n_options);
  for (size_t i = 0; i < reader->n_options; i++)
    names[i] = tp_arena_printf(reader->arena, "--%s", reader->options[i].name);
  const char *given = tp_arena_printf(reader->arena, "%.*s", (int)length, word);
  return tp_fail(error, TP_E_INPUT, "unknown option %s%s", given,
                 tp_text_hint(reader->arena, given, names, reader->n_options));
}

static const struct tp_option *find(const struct reader *reader, const char *word, size_t length)
{
  for (size_t i = 0; i < reader->n_options; i++) {
    const struct tp_option *option = &reader->options[i];
    const bool by_name = length > 2 && strlen(option->name) == length - 2 &&
                         strncmp(option->name, word + 2, length - 2) == 0;
    const bool by_letter = length == 2 && option->letter != '\0' && word[1] == option->letter;
    if ((word[1] == '-' && by_name) || by_letter)
      return option;
  }
  return NULL;
}

static enum tp_status read_option(struct reader *reader, struct tp_error *error)
{
  const char *const word = reader->argv[reader->next++];
  const bool is_long = word[1] == '-';
  const char *const equals = is_long ? strchr(word, '=') : NULL;
  const size_t length = equals != NULL ? (size_t)(equals - word) : is_long ? strlen(word) : 2;
  const char *const joined = equals != NULL ? equals + 1 : word[length] != '\0' ? word + 2 : NULL;
  const struct tp_option *option = find(reader, word, length);
  if (option == NULL)
    return unknown(reader, word, length, error);
  bool *given = &reader->given[option - reader->options];
  if (*given && option->kind != TP_OPTION_REPEATED && option->kind != TP_OPTION_SETTINGS)
    return tp_fail(error, TP_E_INPUT, "--%s is given twice; give it once", option->name);
  *given = true;
  if (option->kind == TP_OPTION_FLAG) {
    if (joined != NULL)
      return tp_fail(error, TP_E_INPUT, "--%s takes no value; leave '%s' out", option->name,
                     joined);
    return store(reader, option, NULL, error);
  }
  const char *value = joined;
  if (value == NULL && reader->next < reader->n_arguments)
    value = reader->argv[reader->next++];
  if (value == NULL || value[0] == '\0')
    return tp_fail(error, TP_E_INPUT, "--%s needs a value: --%s %s", option->name, option->name,
                   option->placeholder);
  return store(reader, option, value, error);
}

enum tp_status tp_options_parse(const struct tp_option *options, size_t n_options,
                                const char *const *argv, size_t n_arguments, struct tp_arena *arena,
                                void *values, struct tp_words *positional, struct tp_error *error)
{
  struct reader reader = {.options = options,
                          .n_options = n_options,
                          .argv = argv,
                          .n_arguments = n_arguments,
                          .arena = arena,
                          .values = values,
                          .given = TP_NEW(arena, bool, n_options)};
  bool ended = false;
  while (reader.next < n_arguments) {
    const char *const word = argv[reader.next];
    if (!ended && strcmp(word, "--") == 0) {
      ended = true;
      reader.next++;
    } else if (!ended && word[0] == '-' && word[1] != '\0') {
      TP_TRY(read_option(&reader, error));
    } else {
      TP_APPEND(arena, positional->items, positional->n, word);
      reader.next++;
    }
  }
  return TP_OK;
}
