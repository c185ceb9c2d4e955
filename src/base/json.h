#ifndef TP_BASE_JSON_H
#define TP_BASE_JSON_H
/* JSON documents read by table, and text written as JSON.
 *
 * A document remembers its file, so every fault is reported as "FILE:LINE: what, and the mend".
 * A path names a place in it: "gemm.tile_m", "links[3].latency_s"; "" is the root.
 * jansson parses; this adds schemas, lines and overrides.
 */
#include "base/arena.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct tp_doc {
  const char *path; /* file, as the user named it */
  const char *text; /* whole file, for line numbers */
  json_t *root;     /* owned by the document */
};

/* Reads FILE: an object, no duplicate keys.  Release with tp_doc_close. */
enum tp_status tp_doc_open(const char *file, struct tp_arena *arena, struct tp_doc *doc,
                           struct tp_error *error);
/* The same from memory; `name` stands for the file in messages. */
enum tp_status tp_doc_parse(const char *name, const char *text, struct tp_arena *arena,
                            struct tp_doc *doc, struct tp_error *error);
void tp_doc_close(struct tp_doc *doc);

/* Value at `path`, or NULL.  Borrowed. */
json_t *tp_doc_at(const struct tp_doc *doc, const char *path);

/* The line, from 1, of the key at `path`; where it is absent, of the deepest part of `path` that is
 * there. */
int tp_doc_line(const struct tp_doc *doc, const char *path);

/* Finds the value at `path` in the text as it was read: it goes from `begin` to before `end`.  An
 * override does not move it.  False where there is no such value. */
bool tp_doc_span(const struct tp_doc *doc, const char *path, size_t *begin, size_t *end);

/* Fails with "FILE:LINE: PATH: ..." */
enum tp_status tp_doc_fail(const struct tp_doc *doc, const char *path, struct tp_error *error,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Replaces the existing scalar at `path` by VALUE read as JSON, or as a string if it is not JSON.
 * The type must stay the same (number, string or boolean).  This is --set. */
enum tp_status tp_doc_set(struct tp_doc *doc, const char *path, const char *value,
                          struct tp_error *error);

/* Calls `visit` for every scalar in document order with its path, until it returns false.  Keys
 * that hold '.' or '[' cannot be named by a path. */
void tp_doc_each_scalar(const struct tp_doc *doc, bool (*visit)(const char *path, void *data),
                        void *data);

/* A schema row: where the value of `key` goes in the struct and what it may be. */
enum tp_field_type {
  TP_FIELD_DOUBLE, /* double; finite, in [min, max]; any where both are 0 */
  TP_FIELD_INT64,  /* int64_t; the same, and integral */
  TP_FIELD_COUNT,  /* double; the same, and integral */
  TP_FIELD_BOOL,   /* bool */
  TP_FIELD_STRING, /* const char *, arena-owned */
  TP_FIELD_ENUM    /* int; index of the string in `names` */
};

struct tp_field {
  const char *key;
  enum tp_field_type type;
  size_t offset;
  double min, max;
  bool optional;            /* absent (or null) leaves what the struct held before */
  const char *const *names; /* TP_FIELD_ENUM: NULL-terminated */
};

/* Reads the object at `path` into `out` by the table.  Unknown keys are errors (with the closest
 * known one named) unless `open` is true; keys beginning with "source", "kind" and "note" are
 * always allowed.  Reports the first fault in document order. */
enum tp_status tp_doc_read(const struct tp_doc *doc, const char *path,
                           const struct tp_field *fields, size_t n_fields, bool open, void *out,
                           struct tp_arena *arena, struct tp_error *error);

/* Any text as a new JSON string: file names and arguments need not be UTF-8, so bytes that are not
 * become U+FFFD. */
json_t *tp_json_text(const char *text);

/* The same, quoted and escaped; a fault of `out` shows in ferror(). */
void tp_json_put_text(const char *text, FILE *out);
#endif
