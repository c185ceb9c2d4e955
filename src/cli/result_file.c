#include "config.h"

#include "cli/result_file.h"
#include "command/build.h"
#include "command/keep.h"

#include <string.h>

static struct tp_words command_words(const struct tp_session *session)
{
  struct tp_words words = {.n = 0};
  TP_APPEND(session->arena, words.items, words.n, "tpsim");
  for (size_t i = 1; i < session->n_arguments; i++) {
    const char *const word = session->argv[i];
    if (strcmp(word, "-j") == 0 || strcmp(word, "--jobs") == 0)
      i++;
    else if (strncmp(word, "-j", 2) != 0 && strncmp(word, "--jobs=", 7) != 0 &&
             strcmp(word, "--resume") != 0)
      TP_APPEND(session->arena, words.items, words.n, word);
  }
  return words;
}

struct tp_sweep_file tp_result_target(const struct tp_session *session, const char *out)
{
  const struct tp_words words = command_words(session);
  char build[TP_BUILD_CHARS];
  tp_build_id(build);
  return (struct tp_sweep_file){.file = out,
                                .version = PACKAGE_VERSION,
                                .build = tp_arena_strdup(session->arena, build),
                                .command = words.items,
                                .n_command = words.n};
}

enum tp_status tp_result_keep_inputs(const struct tp_session *session,
                                     const struct tp_catalog *catalog, const char *points,
                                     const char *out, struct tp_error *error)
{
  if (out == NULL)
    return TP_OK;
  if (points != NULL)
    TP_TRY(tp_command_keep(tp_arena_printf(session->arena, "%s.json", points), "-o", out, error));
  TP_TRY(tp_session_keep(session, catalog, "-o", out, error));
  return tp_session_keep(session, catalog, "-o", tp_arena_printf(session->arena, "%s.json", out),
                         error);
}

void tp_result_say_differences(const struct tp_session *session, const struct tp_catalog *catalog,
                               const char *points)
{
  if (points == NULL)
    return;
  const struct tp_notes notes =
      tp_sidecar_differences(points, catalog, session->argv, session->n_arguments, session->arena);
  tp_command_notes(&notes);
}
