#include "platform/xml_scan.h"

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
