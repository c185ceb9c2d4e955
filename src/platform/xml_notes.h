#ifndef TP_PLATFORM_XML_NOTES_H
#define TP_PLATFORM_XML_NOTES_H
/* What a SimGrid file says and SimGrid's C interface does not tell: the order of its hosts and
 * links, and what properties its links have.  SimGrid itself reads the platform (xml_read.c). */
#include "base/error.h"
#include "base/index.h"

struct tp_xml_named {
  const char *name;
  int line;
  const char *kind, *group; /* properties of a link; NULL: not said */
};

struct tp_xml_list {
  struct tp_index index; /* of items, by name */
  size_t n;
  struct tp_xml_named *items;
};

struct tp_xml_notes {
  struct tp_xml_list hosts, links; /* as they stand in the file */
  const char *text; /* of the file, for SimGrid: every link with its latency, no configuration */
};

/* Refuses, by line and name, what a platform of tpsim cannot say: rates and states that change over
 * time, radio, latencies from coordinates, other network models.  Nothing outside of the file is
 * read. */
enum tp_status tp_xml_notes_read(const char *path, const char *text, struct tp_arena *arena,
                                 struct tp_xml_notes *notes, struct tp_error *error);

/* NULL: the file does not name it. */
const struct tp_xml_named *tp_xml_noted(const struct tp_xml_list *list, const char *name);
#endif
