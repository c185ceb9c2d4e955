#include "platform/xml_notes.h"

#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
  const char *path;
  struct tp_arena *arena;
  struct tp_error *error;
  XML_Parser expat;
  struct tp_xml_notes *notes;
  struct tp_xml_named *link; /* that is open; NULL: none */
  bool in_config;
  size_t config; /* where it begins */
  const char *text;
  size_t copied;         /* of it, to notes->text */
  enum tp_status status; /* other than TP_OK: expat was stopped */
};

/* "": whatever the element is, or the value. */
static const struct {
  const char *element, *attribute, *value, *why;
} refused[] = {
    {"", "speed_file", "", "rates that change over time have no place here; remove the profile"},
    {"", "availability_file", "", "rates that change over time have no place here; remove it"},
    {"", "state_file", "", "nothing fails here; remove the profile"},
    {"", "bandwidth_file", "", "rates that change over time have no place here; remove it"},
    {"", "latency_file", "", "latencies that change over time have no place here; remove it"},
    {"trace", "id", "", "rates that change over time have no place here; remove it"},
    {"trace_connect", "trace", "", "rates that change over time have no place here; remove it"},
    {"include", "file", "", "put what it includes in its place"},
    {"", "routing", "vivaldi", "latencies come from links, not from coordinates; name links"},
    {"", "routing", "wifi", "radio links, which slow each other, have no place here"},
    {"link", "sharing_policy", "wifi", "radio links, which slow each other, have no place here"},
};

/* What both engines are given, too: latency + size / bandwidth, shared max-min. */
static const char *const network[][2] = {{"network/model", "CM02"},
                                         {"network/TCP-gamma", "0"},
                                         {"network/crosstraffic", "0"},
                                         {"network/weight-S", "0"}};

static const char *value_of(const char **attributes, const char *key)
{
  for (; *attributes != NULL; attributes += 2)
    if (strcmp(attributes[0], key) == 0)
      return attributes[1];
  return NULL;
}

static int line_of(const struct reader *reader)
{
  return (int)XML_GetCurrentLineNumber(reader->expat);
}

static enum tp_status refuse(const struct reader *reader, const char *element,
                             const char **attributes)
{
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const char *const value = value_of(attributes, refused[i].attribute);
    if (value != NULL &&
        (refused[i].element[0] == '\0' || strcmp(refused[i].element, element) == 0) &&
        (refused[i].value[0] == '\0' ? value[0] != '\0' : strcasecmp(refused[i].value, value) == 0))
      return tp_fail(reader->error, TP_E_INPUT, "%s:%d: <%s>: %s=\"%.60s\": %s", reader->path,
                     line_of(reader), element, refused[i].attribute, value, refused[i].why);
  }
  return TP_OK;
}

/* How SimGrid runs is its own affair, but for its model of the network. */
static enum tp_status check_config(const struct reader *reader, const char **attributes)
{
  const char *const key = value_of(attributes, "id"), *const value = value_of(attributes, "value");
  if (key == NULL || value == NULL || strncmp(key, "network/", strlen("network/")) != 0)
    return TP_OK;
  for (size_t i = 0; i < sizeof network / sizeof *network; i++)
    if (strcmp(key, network[i][0]) == 0 && strcmp(value, network[i][1]) == 0)
      return TP_OK;
  return tp_fail(reader->error, TP_E_INPUT,
                 "%s:%d: <prop>: %.60s=\"%.60s\": the network is always latency + bytes / rate; "
                 "remove it",
                 reader->path, line_of(reader), key, value);
}

static struct tp_xml_named *note(const struct reader *reader, struct tp_xml_list *list,
                                 const char *name)
{
  if (name == NULL || tp_xml_noted(list, name) != NULL)
    return NULL; /* SimGrid has its own words for that */
  const struct tp_xml_named named = {tp_arena_strdup(reader->arena, name), line_of(reader), NULL,
                                     NULL};
  tp_index_add(&list->index, named.name, (int)list->n);
  TP_APPEND(reader->arena, list->items, list->n, named);
  return &list->items[list->n - 1];
}

/* SimGrid 3.32 forgets the latency of 0 that its DTD gives to a link without one. */
static void add_latency(struct reader *reader)
{
  const size_t at = (size_t)XML_GetCurrentByteIndex(reader->expat) + strlen("<link");
  reader->notes->text = tp_arena_printf(reader->arena, "%s%.*s latency=\"0s\"", reader->notes->text,
                                        (int)(at - reader->copied), reader->text + reader->copied);
  reader->copied = at;
}

/* A configuration is not SimGrid's to follow here: it could have it write a trace to any place.
 * Lines stay where they are. */
static void drop_config(struct reader *reader)
{
  const size_t end =
      (size_t)(XML_GetCurrentByteIndex(reader->expat) + XML_GetCurrentByteCount(reader->expat));
  const char *kept =
      tp_arena_printf(reader->arena, "%s%.*s", reader->notes->text,
                      (int)(reader->config - reader->copied), reader->text + reader->copied);
  for (size_t at = reader->config; at < end; at++)
    if (reader->text[at] == '\n')
      kept = tp_arena_printf(reader->arena, "%s\n", kept);
  reader->notes->text = kept;
  reader->copied = end;
}

static enum tp_status begin(struct reader *reader, const char *element, const char **attributes)
{
  TP_TRY(refuse(reader, element, attributes));
  const char *const id = value_of(attributes, "id");
  if (strcmp(element, "config") == 0) {
    reader->in_config = true;
    reader->config = (size_t)XML_GetCurrentByteIndex(reader->expat);
  } else if (strcmp(element, "host") == 0)
    note(reader, &reader->notes->hosts, id);
  else if (strcmp(element, "link") == 0) {
    reader->link = note(reader, &reader->notes->links, id);
    if (value_of(attributes, "latency") == NULL)
      add_latency(reader);
  } else if (strcmp(element, "prop") == 0 && reader->in_config)
    return check_config(reader, attributes);
  else if (strcmp(element, "prop") == 0 && reader->link != NULL && id != NULL) {
    const char *const value = value_of(attributes, "value");
    const char **const at = strcmp(id, "kind") == 0    ? &reader->link->kind
                            : strcmp(id, "group") == 0 ? &reader->link->group
                                                       : NULL;
    if (at != NULL && value != NULL)
      *at = tp_arena_strdup(reader->arena, value);
  }
  return TP_OK;
}

/* Expat may still end an empty element after it was stopped at its begin. */
static void XMLCALL on_begin(void *data, const XML_Char *name, const XML_Char **attributes)
{
  struct reader *const reader = data;
  if (reader->status == TP_OK)
    reader->status = begin(reader, name, attributes);
  if (reader->status != TP_OK)
    XML_StopParser(reader->expat, XML_FALSE);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
  struct reader *const reader = data;
  if (strcmp(name, "link") == 0)
    reader->link = NULL;
  if (strcmp(name, "config") == 0 && reader->status == TP_OK) {
    reader->in_config = false;
    drop_config(reader);
  }
}

const struct tp_xml_named *tp_xml_noted(const struct tp_xml_list *list, const char *name)
{
  const int at = tp_index_find(&list->index, name);
  return at < 0 ? NULL : &list->items[at];
}

enum tp_status tp_xml_notes_read(const char *path, const char *text, struct tp_arena *arena,
                                 struct tp_xml_notes *notes, struct tp_error *error)
{
  struct reader reader = {.path = path,
                          .arena = arena,
                          .text = text,
                          .error = error,
                          .expat = XML_ParserCreate(NULL),
                          .notes = notes};
  if (reader.expat == NULL)
    tp_out_of_memory();
  *notes =
      (struct tp_xml_notes){.hosts.index.arena = arena, .links.index.arena = arena, .text = ""};
  XML_SetUserData(reader.expat, &reader);
  XML_SetElementHandler(reader.expat, on_begin, on_end);
  const enum XML_Status read = XML_Parse(reader.expat, text, (int)strlen(text), XML_TRUE);
  if (read != XML_STATUS_OK && reader.status == TP_OK)
    reader.status = tp_fail(error, TP_E_INPUT, "%s:%d: not valid XML: %s; mend it at column %d",
                            path, line_of(&reader), XML_ErrorString(XML_GetErrorCode(reader.expat)),
                            1 + (int)XML_GetCurrentColumnNumber(reader.expat));
  XML_ParserFree(reader.expat);
  notes->text = tp_arena_printf(arena, "%s%s", notes->text, text + reader.copied);
  return reader.status;
}
