#ifndef TP_BASE_TEXT_H
#define TP_BASE_TEXT_H
/* Words: close matches, lists, numbers as users type them. */
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Sentences for the user that are no faults. */
struct tp_notes {
  const char **texts;
  size_t n;
};

/* Damerau-Levenshtein distance, case folded. */
size_t tp_text_distance(const char *a, const char *b);

bool tp_text_is_among(const char *word, const char *const *names, size_t n);

/* Whether `word` is a slip of the pen for `name`, another word: a letter off of up to seven, or
 * capitals.  Stricter than the hints below, for what is refused by it. */
bool tp_text_is_slip(const char *word, const char *name);

/* "; did you mean 'x' or 'y'?" for the up to three names close to `word` (those that
 * have it as a whole part, "h200-sxm", before those a letter off), else "; known: a, b, c"
 * (cut at 12 names).  Arena-owned. */
const char *tp_text_hint(struct tp_arena *arena, const char *word, const char *const *names,
                         size_t n_names);

/* What a number is once it has been written in a CSV and read back. */
double tp_text_as_written(double value);

/* Reads the whole of `text` as one finite number in C's notation: 1e9 is one, 16k is none. */
bool tp_text_number(const char *text, double *value);

/* What text that is no number should be where people often write it so ("1,234.5", "2%"); else "".
 */
const char *tp_text_number_mend(const char *text);

/* "1,2,4:16:x2,20:40:10" -> numbers.  a:b:xF multiplies by F, a:b:S adds S, a:b adds 1; ends
 * included; at most 100,000 numbers.  `what` names the option in messages. */
enum tp_status tp_text_numbers(const char *what, const char *text, struct tp_arena *arena,
                               double **values, size_t *n_values, struct tp_error *error);

/* Fails where a list has a value twice, whose rows would stand twice. */
enum tp_status tp_text_check_numbers(const char *what, const double *values, size_t n,
                                     struct tp_arena *arena, struct tp_error *error);
enum tp_status tp_text_check_words(const char *what, const char *const *words, size_t n,
                                   struct tp_arena *arena, struct tp_error *error);

/* "a,b,c" -> words; commas inside are not supported; empty words are errors. */
enum tp_status tp_text_words(const char *what, const char *text, struct tp_arena *arena,
                             const char ***words, size_t *n_words, struct tp_error *error);
#endif
