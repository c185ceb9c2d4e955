#ifndef TP_PLATFORM_XML_SCAN_H
#define TP_PLATFORM_XML_SCAN_H
/* The little XML that SimGrid platform files use: elements and attributes, no text between them.
 *
 *     <link id="l0" bandwidth="1GBps"/>      comments, <?...?> and <!DOCTYPE ...> are skipped
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { TP_XML_MAX_ATTRIBUTES = 16 };

struct tp_xml_tag {
  const char *name;
  int line;
  bool closes; /* </name> */
  bool empty;  /* <name/> */
  size_t n_attributes;
  const char *keys[TP_XML_MAX_ATTRIBUTES];
  const char *values[TP_XML_MAX_ATTRIBUTES];
};

struct tp_xml {
  const char *path;
  const char *at; /* rest of the text */
  int line;
  struct tp_arena *arena;
};

/* The next tag; name NULL at the end of the text.  The five standard entities are decoded. */
enum tp_status tp_xml_next(struct tp_xml *xml, struct tp_xml_tag *tag, struct tp_error *error);

/* Value of an attribute, or NULL. */
const char *tp_xml_value(const struct tp_xml_tag *tag, const char *key);
#endif
