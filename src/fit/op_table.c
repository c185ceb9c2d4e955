#include "fit/op_table.h"

#include "base/file.h"
#include "fit/repeats.h"

#include <string.h>
#include <sys/stat.h>

static enum tp_status check_once(struct tp_op_files *files, const char *file,
                                 struct tp_arena *arena, struct tp_error *error)
{
  struct stat info;
  const char *text;
  if (stat(file, &info) != 0 || !S_ISREG(info.st_mode)) /* a pipe, or who opens it says why not */
    return TP_OK;
  TP_TRY(tp_file_read(file, arena, &text, error));
  struct tp_op_file read = {.name = file, .device = info.st_dev, .node = info.st_ino};
  tp_hash_text(text, read.hash);
  for (size_t i = 0; i < files->n; i++) {
    if (files->items[i].device == read.device && files->items[i].node == read.node)
      return tp_fail(error, TP_E_INPUT,
                     "%s: is given twice, and its rows would count twice; give it once", file);
    if (strcmp(files->items[i].hash, read.hash) == 0)
      return tp_fail(error, TP_E_INPUT,
                     "%s: is a copy of %s, and its rows would count twice; give one", file,
                     files->items[i].name);
  }
  TP_APPEND(arena, files->items, files->n, read);
  return TP_OK;
}

enum tp_status tp_op_table_open(struct tp_op_files *files, const char *file,
                                const struct tp_where *where, struct tp_arena *arena,
                                struct tp_csv *csv, struct tp_error *error)
{
  struct tp_readable readable = tp_readable_ops(arena);
  TP_TRY(check_once(files, file, arena, error));
  TP_TRY(tp_measured_open(file, where, arena, csv, error));
  tp_measured_readable(where, arena, &readable);
  TP_TRY(tp_unread_refuse_slips(csv, &readable, error));
  const char *const unread = tp_unread_columns(csv, &readable, arena);
  if (unread[0] != '\0' && where->notes != NULL)
    TP_APPEND(arena, where->notes->texts, where->notes->n,
              tp_arena_printf(arena, "%s:1: %s", csv->path, unread));
  tp_repeats_tell(csv, &readable, arena, where->notes);
  return TP_OK;
}
