/* What a session opens. */
#include "cli/command.h"

#include "base/csv.h"
#include "base/file.h"
#include "base/hash.h"
#include "command/keep.h"
#include "judge/unread.h"

struct tp_catalog tp_session_catalog(const struct tp_session *session, const struct tp_words *sets,
                                     const char *device)
{
  return (struct tp_catalog){.arena = session->arena,
                             .dirs = session->dirs,
                             .engines = session->engines,
                             .device = device,
                             .sets = sets->items,
                             .note = tp_command_note,
                             .n_sets = sets->n};
}

enum tp_status tp_input_text(const char *file, struct tp_catalog *catalog, const char **text,
                             struct tp_error *error)
{
  char hash[TP_HASH_CHARS];
  TP_TRY(tp_file_read(file, catalog->arena, text, error));
  tp_hash_text(*text, hash);
  tp_catalog_add_input(catalog, file, hash);
  return TP_OK;
}

enum tp_status tp_input_csv(const char *file, struct tp_catalog *catalog, struct tp_csv *csv,
                            struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_input_text(file, catalog, &text, error));
  return tp_csv_parse(file, text, catalog->arena, csv, error);
}

enum tp_status tp_input_arrivals(const char *file, struct tp_catalog *catalog,
                                 struct tp_arrivals *visits, struct tp_error *error)
{
  static const char *const beside[] = {"Model",      "Total tokens", "Log Type",
                                       "Session ID", "Elapsed time", NULL};
  struct tp_readable readable = {.inputs = {.n = 0}};
  struct tp_csv csv;
  TP_TRY(tp_input_csv(file, catalog, &csv, error));
  TP_TRY(tp_arrivals_read(&csv, catalog->arena, visits, error));
  tp_readable_add_all(&readable.others, tp_arrivals_columns, catalog->arena);
  tp_readable_add_all(&readable.others, beside, catalog->arena);
  return tp_unread_tell(&csv, &readable, "", catalog, error);
}

/* The catalog names files of the data directories from there on. */
enum tp_status tp_session_keep(const struct tp_session *session, const struct tp_catalog *catalog,
                               const char *option, const char *out, struct tp_error *error)
{
  for (size_t i = 0; i < catalog->n_inputs; i++) {
    const char *const name = catalog->inputs[i].name;
    TP_TRY(tp_command_keep(name, option, out, error));
    for (size_t root = 0; root < session->dirs->n_roots; root++)
      TP_TRY(tp_command_keep(
          tp_arena_printf(session->arena, "%s/%s", session->dirs->roots[root], name), option, out,
          error));
  }
  return TP_OK;
}
