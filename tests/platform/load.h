#ifndef TP_TESTS_PLATFORM_LOAD_H
#define TP_TESTS_PLATFORM_LOAD_H
/* Machines of the tree and of strings, or the test fails with the reader's words. */
#include "base/child.h"
#include "platform/open.h"

#include "../suite.h"

#include <unistd.h>

static const char *const load_roots[] = {TP_SRCDIR};
static const struct tp_datadir load_dirs = {load_roots, 1};

/* Not in a build without SimGrid. */
static inline bool load_reads_xml(void)
{
  return access(tp_child_program("tpsim-des"), X_OK) == 0;
}

static inline const struct tp_setup *load_setup(const char *platform, struct tp_arena *arena)
{
  struct tp_setup *setup;
  struct tp_error error;
  const struct tp_setup_request request = {.platform = platform, .stack = "ideal"};
  if (tp_setup_open(&load_dirs, &request, arena, &setup, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  return setup;
}

static inline struct tp_platform load_text(const char *vertices, const char *links,
                                           struct tp_arena *arena)
{
  struct tp_doc doc;
  struct tp_error error;
  struct tp_platform platform;
  const char *text = tp_arena_printf(
      arena,
      "{\"format\": 1, \"name\": \"text\", \"device\": \"none\", \"kind\": \"assumed\", "
      "\"source\": \"a test\", \"vertices\": [%s], \"links\": [%s]}",
      vertices, links);
  if (tp_doc_parse("text", text, arena, &doc, &error) != TP_OK ||
      tp_platform_read(&doc, arena, &platform, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  tp_doc_close(&doc);
  return platform;
}

static inline int load_vertex(const struct tp_platform *platform, const char *name)
{
  for (size_t v = 0; v < platform->n_vertices; v++)
    if (strcmp(platform->vertices[v].name, name) == 0)
      return (int)v;
  ck_abort_msg("no vertex %s", name);
  return -1;
}
#endif
