#ifndef TP_PLATFORM_XML_LISTING_H
#define TP_PLATFORM_XML_LISTING_H
/* A SimGrid platform file as SimGrid reads it: the program tpsim-des lists it
 * (engine/des/list.c). */
#include "base/arena.h"
#include "base/json.h"

#include <stdint.h>

struct tp_xml_listing {
  json_t *root; /* "name", "hosts", "links"; owned */
  size_t n_hosts, n_links;
  int32_t *routes; /* of each host to each other one in turn: number of links, then these */
};

/* Lists the platform in `text`; `path` names it.  TP_E_INPUT with SimGrid's words where it refuses
 * the file, or where there are more than TP_MAX_XML_HOSTS hosts; TP_E_ENVIRONMENT where there is no
 * tpsim-des. */
enum tp_status tp_xml_list(const char *path, const char *text, struct tp_arena *arena,
                           struct tp_xml_listing *listing, struct tp_error *error);
#endif
