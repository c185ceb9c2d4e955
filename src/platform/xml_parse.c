#include "platform/xml_parse.h"

#include <expat.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An element that is open, in the one that it stands in. */
struct level {
  const struct level *parent;
  const struct tp_xml_element *element;
  struct tp_xml_tag tag;
};

struct parser {
  const struct tp_xml *xml;
  const char *text;
  XML_Parser expat;
  const struct level *innermost; /* NULL: the root is not open yet, or closed */
  const char **entities;         /* that the file declares */
  size_t n_entities;
  enum tp_status status; /* other than TP_OK: expat was stopped */
};

const char *tp_xml_value(const struct tp_xml_tag *tag, const char *key)
{
  for (const char **at = tag->attributes; *at != NULL; at += 2)
    if (strcmp(at[0], key) == 0)
      return at[1];
  return NULL;
}

enum tp_status tp_xml_fail(const struct tp_xml *xml, const struct tp_xml_tag *tag,
                           const char *format, ...)
{
  char what[sizeof xml->error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return tp_fail(xml->error, TP_E_INPUT, "%s:%d: <%s>: %s", xml->path, tag->line, tag->name, what);
}

static bool is_listed(const char *const *list, const char *word)
{
  for (; *list != NULL; list++)
    if (strcmp(*list, word) == 0)
      return true;
  return false;
}

static enum tp_status check_attributes(const struct tp_xml *xml, const struct level *level)
{
  const struct tp_xml_element *const element = level->element;
  for (const char **at = level->tag.attributes; *at != NULL; at += 2)
    if (!is_listed(element->known, *at) && !is_listed(element->required, *at))
      return tp_xml_fail(xml, &level->tag, "attribute '%s' is not supported; remove it", *at);
  for (const char *const *key = element->required; *key != NULL; key++) {
    const char *const value = tp_xml_value(&level->tag, *key);
    if (value == NULL || value[0] == '\0')
      return tp_xml_fail(xml, &level->tag, "'%s' is missing; add it", *key);
  }
  return TP_OK;
}

static enum tp_status fail_root(const struct tp_xml *xml, int line)
{
  return tp_fail(xml->error, TP_E_INPUT, "%s:%d: no <%s> element; not a SimGrid platform file",
                 xml->path, line, xml->elements[0].name);
}

static enum tp_status find_element(const struct tp_xml *xml, struct level *level)
{
  const char *const parent = level->parent == NULL ? "" : level->parent->tag.name;
  bool is_parent = false;
  for (size_t i = 0; i < xml->n_elements; i++) {
    const bool in_parent = strcmp(xml->elements[i].parent, parent) == 0;
    is_parent = is_parent || in_parent;
    level->element = &xml->elements[i];
    if (in_parent && strcmp(level->element->name, level->tag.name) == 0)
      return TP_OK;
  }
  if (level->parent == NULL)
    return fail_root(xml, level->tag.line);
  if (!is_parent)
    return tp_xml_fail(xml, &level->tag, "cannot stand inside <%s>; remove it", parent);
  return tp_xml_fail(
      xml, &level->tag,
      "this element is not supported; describe one zone of host, router, link, route");
}

/* Expat passes over an entity that is not declared where the DTD it did not fetch might do so: what
 * stands in the text tells. */
static enum tp_status check_entities(const struct parser *parser, int line)
{
  static const char *const always[] = {"amp", "lt", "gt", "quot", "apos", NULL};
  const char *const text = parser->text + XML_GetCurrentByteIndex(parser->expat);
  const char *const end = text + XML_GetCurrentByteCount(parser->expat);
  for (const char *at = memchr(text, '&', (size_t)(end - text)); at != NULL && at < end;
       at = strchr(at + 1, '&')) {
    const size_t length = strcspn(at + 1, ";");
    const char *const name = tp_arena_printf(parser->xml->arena, "%.*s", (int)length, at + 1);
    bool known = name[0] == '#' || is_listed(always, name);
    for (size_t i = 0; i < parser->n_entities; i++)
      known = known || strcmp(parser->entities[i], name) == 0;
    if (!known)
      return tp_fail(parser->xml->error, TP_E_INPUT,
                     "%s:%d: unknown entity '&%.12s;'; use &amp; for '&'", parser->xml->path, line,
                     name);
  }
  return TP_OK;
}

static const char **copy_attributes(struct tp_arena *arena, const char **attributes)
{
  size_t n = 0;
  while (attributes[n] != NULL)
    n++;
  const char **const copy = TP_NEW(arena, const char *, n + 1);
  for (size_t i = 0; i < n; i++)
    copy[i] = tp_arena_strdup(arena, attributes[i]);
  return copy;
}

static enum tp_status begin(struct parser *parser, const char *name, const char **attributes)
{
  const struct tp_xml *const xml = parser->xml;
  struct level *const level = TP_NEW(xml->arena, struct level, 1);
  level->parent = parser->innermost;
  level->tag = (struct tp_xml_tag){.name = tp_arena_strdup(xml->arena, name),
                                   .line = (int)XML_GetCurrentLineNumber(parser->expat),
                                   .attributes = copy_attributes(xml->arena, attributes)};
  TP_TRY(check_entities(parser, level->tag.line));
  TP_TRY(find_element(xml, level));
  TP_TRY(check_attributes(xml, level));
  parser->innermost = level;
  return level->element->begin == NULL ? TP_OK : level->element->begin(xml->data, &level->tag);
}

static enum tp_status end(struct parser *parser)
{
  const struct level *const level = parser->innermost;
  parser->innermost = level->parent;
  return level->element->end == NULL ? TP_OK : level->element->end(parser->xml->data, &level->tag);
}

static enum tp_status fail_text(const struct parser *parser)
{
  return tp_fail(parser->xml->error, TP_E_INPUT,
                 "%s:%d: text between elements; a platform has only elements", parser->xml->path,
                 (int)XML_GetCurrentLineNumber(parser->expat));
}

static void stop_unless_ok(struct parser *parser, enum tp_status status)
{
  parser->status = status;
  if (status != TP_OK)
    XML_StopParser(parser->expat, XML_FALSE);
}

/* Expat may still end an empty element after it was stopped at its begin. */
static void XMLCALL on_begin(void *data, const XML_Char *name, const XML_Char **attributes)
{
  struct parser *const parser = data;
  if (parser->status == TP_OK)
    stop_unless_ok(parser, begin(parser, name, attributes));
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
  struct parser *const parser = data;
  (void)name;
  if (parser->status == TP_OK)
    stop_unless_ok(parser, end(parser));
}

static void XMLCALL on_text(void *data, const XML_Char *text, int length)
{
  struct parser *const parser = data;
  for (int i = 0; i < length && parser->status == TP_OK; i++)
    if (strchr(" \t\r\n", text[i]) == NULL)
      stop_unless_ok(parser, fail_text(parser));
}

static void XMLCALL on_skipped_entity(void *data, const XML_Char *name, int is_parameter_entity)
{
  struct parser *const parser = data;
  (void)name;
  if (!is_parameter_entity && parser->status == TP_OK)
    stop_unless_ok(parser, fail_text(parser));
}

/* What stands in another file is text that was not read. */
static int XMLCALL on_external_entity(XML_Parser expat, const XML_Char *context,
                                      const XML_Char *base, const XML_Char *system_id,
                                      const XML_Char *public_id)
{
  struct parser *const parser = XML_GetUserData(expat);
  (void)context, (void)base, (void)system_id, (void)public_id;
  stop_unless_ok(parser, fail_text(parser));
  return XML_STATUS_ERROR;
}

static void XMLCALL on_entity(void *data, const XML_Char *name, int is_parameter_entity,
                              const XML_Char *value, int length, const XML_Char *base,
                              const XML_Char *system_id, const XML_Char *public_id,
                              const XML_Char *notation)
{
  struct parser *const parser = data;
  (void)value, (void)length, (void)base, (void)system_id, (void)public_id, (void)notation;
  if (!is_parameter_entity)
    TP_APPEND(parser->xml->arena, parser->entities, parser->n_entities,
              tp_arena_strdup(parser->xml->arena, name));
}

static enum tp_status fail_syntax(const struct parser *parser)
{
  const struct tp_xml *const xml = parser->xml;
  const enum XML_Error code = XML_GetErrorCode(parser->expat);
  const int line = (int)XML_GetCurrentLineNumber(parser->expat);
  if (code == XML_ERROR_NO_ELEMENTS && parser->innermost != NULL)
    return tp_xml_fail(xml, &parser->innermost->tag, "is not closed; add </%s>",
                       parser->innermost->tag.name);
  if (code == XML_ERROR_NO_ELEMENTS)
    return fail_root(xml, line);
  return tp_fail(xml->error, TP_E_INPUT, "%s:%d: not valid XML: %s; mend it at column %d",
                 xml->path, line, XML_ErrorString(code),
                 1 + (int)XML_GetCurrentColumnNumber(parser->expat));
}

enum tp_status tp_xml_parse(const struct tp_xml *xml, const char *text)
{
  struct parser parser = {.xml = xml, .text = text, .expat = XML_ParserCreate(NULL)};
  if (parser.expat == NULL)
    tp_out_of_memory(); /* as arenas do */
  XML_SetUserData(parser.expat, &parser);
  XML_SetElementHandler(parser.expat, on_begin, on_end);
  XML_SetCharacterDataHandler(parser.expat, on_text);
  XML_SetSkippedEntityHandler(parser.expat, on_skipped_entity);
  XML_SetExternalEntityRefHandler(parser.expat, on_external_entity);
  XML_SetEntityDeclHandler(parser.expat, on_entity);
  const enum XML_Status read = XML_Parse(parser.expat, text, (int)strlen(text), XML_TRUE);
  const enum tp_status status =
      parser.status != TP_OK || read == XML_STATUS_OK ? parser.status : fail_syntax(&parser);
  XML_ParserFree(parser.expat);
  return status;
}
