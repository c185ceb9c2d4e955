/* Finds the place of a path by scanning the text again: jansson keeps no positions.  The text is
 * known to be valid JSON. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at)
{
  return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
  for (at++; *at != '"'; at++)
    at += *at == '\\';
  return at + 1;
}

/* `at` stands on the first character of a value; returns behind its last. */
static const char *skip_value(const char *at)
{
  if (*at == '"')
    return skip_string(at);
  if (*at != '{' && *at != '[')
    return at + strcspn(at, ",]} \t\r\n");
  for (int depth = 0;;) {
    if (*at == '"') {
      at = skip_string(at);
      continue;
    }
    depth += *at == '{' || *at == '[';
    depth -= *at == '}' || *at == ']';
    at++;
    if (depth == 0)
      return at;
  }
}

/* The quote that opens `key` of the object at `at`, or NULL. */
static const char *find_key(const char *at, const char *key, size_t length)
{
  if (*at != '{')
    return NULL;
  at = skip_space(at + 1);
  while (*at == '"') {
    const char *const quote = at;
    at = skip_string(at);
    if ((size_t)(at - quote) == length + 2 && strncmp(quote + 1, key, length) == 0)
      return quote;
    at = skip_space(skip_space(at) + 1); /* the colon */
    at = skip_space(skip_value(at));
    if (*at != ',')
      return NULL;
    at = skip_space(at + 1);
  }
  return NULL;
}

/* Element `index` of the array at `at`, or NULL. */
static const char *find_element(const char *at, unsigned long index)
{
  if (*at != '[')
    return NULL;
  at = skip_space(at + 1);
  for (; index > 0; index--) {
    if (*at == ']')
      return NULL;
    at = skip_space(skip_value(at));
    if (*at != ',')
      return NULL;
    at = skip_space(at + 1);
  }
  return *at == ']' ? NULL : at;
}

static int line_of(const char *text, const char *place)
{
  int line = 1;
  for (; text < place; text++)
    line += *text == '\n';
  return line;
}

/* A path as far as the document has it. */
struct place {
  const char *key;   /* the deepest part that is there: its quote, or its array element */
  const char *value; /* what stands behind it */
  bool whole;        /* the whole path is there */
};

static struct place find(const struct tp_doc *doc, const char *path)
{
  struct place place = {.key = doc->text, .value = skip_space(doc->text)};
  while (*path != '\0') {
    if (*path == '[') {
      char *end;
      const char *const element = find_element(place.value, strtoul(path + 1, &end, 10));
      if (element == NULL || *end != ']')
        return place;
      place.key = place.value = element;
      path = end + 1;
    } else {
      const size_t length = strcspn(path, ".[");
      const char *const quote = find_key(place.value, path, length);
      if (quote == NULL)
        return place;
      place.key = quote;
      place.value = skip_space(skip_space(skip_string(quote)) + 1);
      path += length;
    }
    path += *path == '.';
  }
  place.whole = true;
  return place;
}

int tp_doc_line(const struct tp_doc *doc, const char *path)
{
  return line_of(doc->text, find(doc, path).key);
}

bool tp_doc_span(const struct tp_doc *doc, const char *path, size_t *begin, size_t *end)
{
  const struct place place = find(doc, path);
  *begin = (size_t)(place.value - doc->text);
  *end = (size_t)(skip_value(place.value) - doc->text);
  return place.whole;
}
