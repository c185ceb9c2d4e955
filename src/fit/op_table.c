#include "fit/op_table.h"

#include "fit/repeats.h"

#include <sys/stat.h>

static enum tp_status check_once(struct tp_op_files *files, const char *file,
                                 struct tp_arena *arena, struct tp_error *error)
{
  struct stat info;
  if (stat(file, &info) != 0 || !S_ISREG(info.st_mode)) /* a pipe, or who opens it says why not */
    return TP_OK;
  for (size_t i = 0; i < files->n; i++)
    if (files->items[i].device == info.st_dev && files->items[i].node == info.st_ino)
      return tp_fail(error, TP_E_INPUT,
                     "%s: is given twice, and its rows would count twice; give it once", file);
  TP_APPEND(arena, files->items, files->n, (struct tp_op_file){info.st_dev, info.st_ino});
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
