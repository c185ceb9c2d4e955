#ifndef TP_PROGRAM_WIRING_READER_H
#define TP_PROGRAM_WIRING_READER_H
/* A wiring that is being read and checked: what the files of this folder share. */
#include "program/wiring/wiring.h"

#include <stddef.h>

enum { TP_WIRING_MOST_WORDS = 16, TP_WIRING_MOST_BODIES = 2 * TP_WIRING_MOST_SEGMENTS + 2 };

struct tp_wiring_reader {
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_wiring *wiring;
  /* The line that is being read, cut into words; of a line of text all behind its first word. */
  const char *behind; /* what follows it in the file */
  int line, n_words;
  const char *words[TP_WIRING_MOST_WORDS + 1]; /* NULL-terminated */
  const char *rest;
  /* What runs after what (ways.c): bodies in the order of the file, and for each a bit a body that
   * may run right before it. */
  int n_bodies, origin; /* a bit of `origin`: the body before all layers */
  const struct tp_wiring_body *bodies[TP_WIRING_MOST_BODIES];
  unsigned before[TP_WIRING_MOST_BODIES];
};

/* "FILE:LINE: 'word': ..."; without a word (NULL) the line as a whole is meant. */
enum tp_status tp_wiring_fail(const struct tp_wiring_reader *reader, int line, const char *word,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* words.c: goes on to the next line that says something; `any` is false at the end of the file. */
enum tp_status tp_wiring_next_line(struct tp_wiring_reader *reader, bool *any);
/* A whole number from `least` to `most`. */
enum tp_status tp_wiring_number(const struct tp_wiring_reader *reader, const char *word, int least,
                                int most, int *number);

/* Word i of the line, "" behind its end; whether it is `text`, and that it is; that the line ends
 * behind so many words. */
const char *tp_wiring_word(const struct tp_wiring_reader *reader, int i);
bool tp_wiring_is(const struct tp_wiring_reader *reader, int i, const char *text);
enum tp_status tp_wiring_expect(const struct tp_wiring_reader *reader, int i, const char *text);
enum tp_status tp_wiring_expect_end(const struct tp_wiring_reader *reader, int words);

/* vocabulary.c: the value that word i names, as the statement's next input or output. */
enum tp_status tp_wiring_read_in(struct tp_wiring_reader *reader, int i,
                                 struct tp_wiring_statement *statement);
enum tp_status tp_wiring_read_out(struct tp_wiring_reader *reader, int i,
                                  struct tp_wiring_statement *statement);
/* Which word of the language word i may have been meant for, as tp_text_hint says it. */
const char *tp_wiring_hint(const struct tp_wiring_reader *reader, int i);

/* head.c: the first line; a line of the head, or `taken` is false. */
enum tp_status tp_wiring_title(struct tp_wiring_reader *reader);
enum tp_status tp_wiring_head(struct tp_wiring_reader *reader, bool *taken);

/* statement.c: the line as a statement behind those of `body`, of a layer or not. */
enum tp_status tp_wiring_statement(struct tp_wiring_reader *reader, struct tp_wiring_body *body,
                                   bool of_layer);
/* place.c: whether it may stand in `body`; what every layer has: both modules, once. */
enum tp_status tp_wiring_check_place(const struct tp_wiring_reader *reader,
                                     const struct tp_wiring_statement *statement,
                                     const struct tp_wiring_body *body, bool of_layer);
/* The line of the @split that the next statement of the body, the last so far, stands behind; 0:
 * none. */
int tp_wiring_split_at(const struct tp_wiring *wiring, const struct tp_wiring_body *body);
enum tp_status tp_wiring_check_modules(const struct tp_wiring_reader *reader,
                                       const struct tp_wiring_body *body);

/* ways.c: fills in what may run after what. */
void tp_wiring_ways(struct tp_wiring_reader *reader);
/* flow.c: what is read before it is written, or never; who waits. */
enum tp_status tp_wiring_flow(struct tp_wiring_reader *reader);
/* meaning.c: what ranks hold of a value, alike, in parts or each its own; which norm a module
 * reads. */
enum tp_status tp_wiring_meaning(struct tp_wiring_reader *reader);
/* names.c: names of ops, what is one kernel where the stack fuses, numbers of sums. */
enum tp_status tp_wiring_name(struct tp_wiring_reader *reader);

static inline const char *tp_wiring_value(const struct tp_wiring_reader *reader, int value)
{
  return reader->wiring->values[value];
}
#endif
