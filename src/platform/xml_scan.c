#include "platform/xml_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char spaces[] = " \t\r\n";

static void advance(struct tp_xml *xml, size_t n)
{
  for (; n > 0; n--, xml->at++)
    xml->line += *xml->at == '\n';
}

static void skip_space(struct tp_xml *xml)
{
  advance(xml, strspn(xml->at, spaces));
}

static bool starts(const struct tp_xml *xml, const char *text)
{
  return strncmp(xml->at, text, strlen(text)) == 0;
}

/* Skips to behind `end`. */
static enum tp_status skip_past(struct tp_xml *xml, const char *end, const char *what,
                                struct tp_error *error)
{
  const char *found = strstr(xml->at, end);
  if (found == NULL)
    return tp_fail(error, TP_E_INPUT, "%s:%d: %s does not end; close it with '%s'", xml->path,
                   xml->line, what, end);
  advance(xml, (size_t)(found - xml->at) + strlen(end));
  return TP_OK;
}

/* Skips to the next element. */
static enum tp_status skip_to_element(struct tp_xml *xml, struct tp_error *error)
{
  for (;;) {
    skip_space(xml);
    enum tp_status status = TP_OK;
    if (starts(xml, "<!--"))
      status = skip_past(xml, "-->", "a comment", error);
    else if (starts(xml, "<?"))
      status = skip_past(xml, "?>", "a processing instruction", error);
    else if (starts(xml, "<!"))
      status = skip_past(xml, ">", "a declaration", error);
    else if (*xml->at == '\0' || *xml->at == '<')
      return TP_OK;
    else
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: text between elements; a platform has only elements", xml->path,
                     xml->line);
    if (status != TP_OK)
      return status;
  }
}

static const char *read_name(struct tp_xml *xml)
{
  const size_t n = strcspn(xml->at, " \t\r\n=/<>\"'");
  const char *name = tp_arena_printf(xml->arena, "%.*s", (int)n, xml->at);
  advance(xml, n);
  return name;
}

/* Replaces &amp; and its like in place of a copy. */
static enum tp_status decode(const struct tp_xml *xml, char *text, struct tp_error *error)
{
  static const struct {
    const char *name;
    char letter;
  } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  char *out = text;
  while (*text != '\0') {
    size_t length = 1;
    *out = *text;
    for (size_t i = 0; i < sizeof entities / sizeof *entities && *text == '&' && length == 1; i++)
      if (strncmp(text, entities[i].name, strlen(entities[i].name)) == 0) {
        *out = entities[i].letter;
        length = strlen(entities[i].name);
      }
    if (*text == '&' && length == 1)
      return tp_fail(error, TP_E_INPUT, "%s:%d: unknown entity '%.12s'; use &amp; for '&'",
                     xml->path, xml->line, text);
    text += length;
    out++;
  }
  *out = '\0';
  return TP_OK;
}

static enum tp_status read_attribute(struct tp_xml *xml, struct tp_xml_tag *tag,
                                     struct tp_error *error)
{
  const char *key = read_name(xml);
  const char quote = xml->at[0] == '=' ? xml->at[1] : '\0';
  if (key[0] == '\0' || (quote != '"' && quote != '\''))
    return tp_fail(error, TP_E_INPUT, "%s:%d: <%s>: attributes are written key=\"value\"",
                   xml->path, xml->line, tag->name);
  const char *end = strchr(xml->at + 2, quote);
  if (end == NULL)
    return tp_fail(error, TP_E_INPUT, "%s:%d: <%s %s>: the value does not end; close the quote",
                   xml->path, xml->line, tag->name, key);
  if (tag->n_attributes == TP_XML_MAX_ATTRIBUTES || tp_xml_value(tag, key) != NULL)
    return tp_fail(error, TP_E_INPUT, "%s:%d: <%s>: '%s' is one attribute too many; remove it",
                   xml->path, xml->line, tag->name, key);
  const int length = (int)(end - xml->at - 2);
  char *value = tp_arena_printf(xml->arena, "%.*s", length, xml->at + 2);
  tag->keys[tag->n_attributes] = key;
  tag->values[tag->n_attributes++] = value;
  const enum tp_status status = decode(xml, value, error);
  advance(xml, (size_t)length + 3);
  return status;
}

enum tp_status tp_xml_next(struct tp_xml *xml, struct tp_xml_tag *tag, struct tp_error *error)
{
  *tag = (struct tp_xml_tag){0};
  enum tp_status status = skip_to_element(xml, error);
  if (status != TP_OK || *xml->at == '\0')
    return status;
  advance(xml, 1);
  tag->line = xml->line;
  tag->closes = *xml->at == '/';
  if (tag->closes)
    advance(xml, 1);
  tag->name = read_name(xml);
  for (;;) {
    skip_space(xml);
    if (*xml->at == '>' || starts(xml, "/>"))
      break;
    if (*xml->at == '\0' || *xml->at == '<')
      return tp_fail(error, TP_E_INPUT, "%s:%d: <%s> does not end; close it with '>'", xml->path,
                     tag->line, tag->name);
    status = read_attribute(xml, tag, error);
    if (status != TP_OK)
      return status;
  }
  tag->empty = *xml->at == '/';
  advance(xml, tag->empty ? 2 : 1);
  return TP_OK;
}

const char *tp_xml_value(const struct tp_xml_tag *tag, const char *key)
{
  for (size_t i = 0; i < tag->n_attributes; i++)
    if (strcmp(tag->keys[i], key) == 0)
      return tag->values[i];
  return NULL;
}

enum tp_status tp_xml_fail(const struct tp_xml *xml, const struct tp_xml_tag *tag,
                           struct tp_error *error, const char *format, ...)
{
  char what[sizeof error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return tp_fail(error, TP_E_INPUT, "%s:%d: <%s%s>: %s", xml->path, tag->line,
                 tag->closes ? "/" : "", tag->name, what);
}

static bool is_listed(const char *const *list, const char *word)
{
  for (; *list != NULL; list++)
    if (strcmp(*list, word) == 0)
      return true;
  return false;
}

enum tp_status tp_xml_check(const struct tp_xml *xml, const struct tp_xml_tag *tag,
                            const char *const *required, const char *const *known,
                            struct tp_error *error)
{
  for (size_t i = 0; i < tag->n_attributes; i++)
    if (!is_listed(known, tag->keys[i]) && !is_listed(required, tag->keys[i]))
      return tp_xml_fail(xml, tag, error, "attribute '%s' is not supported; remove it",
                         tag->keys[i]);
  for (; *required != NULL; required++)
    if (tp_xml_value(tag, *required) == NULL || tp_xml_value(tag, *required)[0] == '\0')
      return tp_xml_fail(xml, tag, error, "'%s' is missing; add it", *required);
  return TP_OK;
}

enum tp_status tp_xml_next_child(struct tp_xml *xml, const struct tp_xml_tag *parent,
                                 struct tp_xml_tag *child, bool *more, struct tp_error *error)
{
  *more = false;
  if (parent->empty)
    return TP_OK;
  const enum tp_status status = tp_xml_next(xml, child, error);
  if (status != TP_OK)
    return status;
  if (child->name == NULL)
    return tp_xml_fail(xml, parent, error, "is not closed; add </%s>", parent->name);
  if (child->closes && strcmp(child->name, parent->name) != 0)
    return tp_xml_fail(xml, child, error, "stands where </%s> must", parent->name);
  *more = !child->closes;
  return TP_OK;
}

enum tp_status tp_xml_close_leaf(struct tp_xml *xml, const struct tp_xml_tag *tag,
                                 struct tp_error *error)
{
  struct tp_xml_tag child;
  bool more;
  const enum tp_status status = tp_xml_next_child(xml, tag, &child, &more, error);
  if (status != TP_OK || !more)
    return status;
  return tp_xml_fail(xml, &child, error, "cannot stand inside <%s>; remove it", tag->name);
}
