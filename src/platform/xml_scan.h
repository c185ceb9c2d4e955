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

/* Fails with "FILE:LINE: <NAME>: ..." */
enum tp_status tp_xml_fail(const struct tp_xml *xml, const struct tp_xml_tag *tag,
                           struct tp_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Every attribute of `required` must be there, not empty; others must be in `known`.  Both lists
 * are NULL-terminated. */
enum tp_status tp_xml_check(const struct tp_xml *xml, const struct tp_xml_tag *tag,
                            const char *const *required, const char *const *known,
                            struct tp_error *error);

/* The next child of `parent`; *more is false at the end of it. */
enum tp_status tp_xml_next_child(struct tp_xml *xml, const struct tp_xml_tag *parent,
                                 struct tp_xml_tag *child, bool *more, struct tp_error *error);

/* Reads up to the end of an element that has no children. */
enum tp_status tp_xml_close_leaf(struct tp_xml *xml, const struct tp_xml_tag *tag,
                                 struct tp_error *error);
#endif
