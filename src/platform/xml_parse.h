#ifndef TP_PLATFORM_XML_PARSE_H
#define TP_PLATFORM_XML_PARSE_H
/* XML by expat, held to a table that says which element may stand in which.
 *
 * There are elements and attributes, and no text between them.  Entities that the file itself
 * declares are read; nothing outside of the file is fetched, a DTD neither.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>

enum { TP_XML_KEYS = 4 };

struct tp_xml_tag {
  const char *name;
  int line;
  const char **attributes; /* key, value, key, value, ..., NULL */
};

struct tp_xml_element {
  const char *parent; /* "": the root, which comes first in the table */
  const char *name;
  /* Attributes that must be there, not empty, and those that may; NULL behind the last. */
  const char *required[TP_XML_KEYS], *known[TP_XML_KEYS];
  /* Called at the element's begin, and at its end, behind its children; NULL: nothing to do. */
  enum tp_status (*begin)(void *data, const struct tp_xml_tag *tag);
  enum tp_status (*end)(void *data, const struct tp_xml_tag *tag);
};

struct tp_xml {
  const char *path; /* for messages */
  const struct tp_xml_element *elements;
  size_t n_elements;
  void *data; /* for `begin` and `end` */
  struct tp_arena *arena;
  struct tp_error *error;
};

/* Reads the whole of `text`.  Tags live in the arena. */
enum tp_status tp_xml_parse(const struct tp_xml *xml, const char *text);

/* Value of an attribute, or NULL. */
const char *tp_xml_value(const struct tp_xml_tag *tag, const char *key);

/* Fails with "FILE:LINE: <NAME>: ..." */
enum tp_status tp_xml_fail(const struct tp_xml *xml, const struct tp_xml_tag *tag,
                           const char *format, ...) __attribute__((format(printf, 3, 4)));
#endif
