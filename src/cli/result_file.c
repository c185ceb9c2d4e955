#include "config.h"

#include "base/claim.h"
#include "cli/result_file.h"
#include "command/build.h"
#include "command/keep.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
  static const char *const written[] = {"", ".json", ".part", ".part.json"};
  if (out == NULL)
    return TP_OK;
  if (points != NULL)
    TP_TRY(tp_command_keep(tp_arena_printf(session->arena, "%s.json", points), "-o", out, error));
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    const char *const path = tp_arena_printf(session->arena, "%s%s", out, written[i]);
    TP_TRY(tp_session_keep(session, catalog, "-o", path, error));
  }
  return TP_OK;
}

enum tp_status tp_result_claim(const struct tp_session *session, const char *out,
                               struct tp_result_claim *claim, struct tp_error *error)
{
  const char *target;
  int special;
  *claim = (struct tp_result_claim){.descriptor = -1};
  TP_TRY(tp_claim_target(out, session->arena, &target, &special, error));
  if (special)
    return TP_OK;
  claim->part = tp_arena_printf(session->arena, "%s.part", target);
  return tp_claim_file(claim->part, out, &claim->descriptor, error);
}

void tp_result_release(struct tp_result_claim *claim)
{
  struct stat info;
  if (claim->descriptor < 0)
    return;
  if (fstat(claim->descriptor, &info) == 0 && info.st_size == 0)
    unlink(claim->part); /* a sweep that was cut off keeps its rows */
  close(claim->descriptor);
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
