#ifndef TP_TESTS_CUDA_TRACE_FOLDER_H
#define TP_TESTS_CUDA_TRACE_FOLDER_H
/* A folder for the trace files of a test, gone with it. */
#include "base/file.h"
#include "bench/trace.h"

#include "../suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct trace_folder {
  struct tp_arena *arena;
  const char *path;
};

static inline struct trace_folder trace_folder_make(void)
{
  struct tp_arena *arena = tp_arena_create();
  char *const path = tp_arena_strdup(arena, "trace-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(path));
  return (struct trace_folder){arena, path};
}

static inline const char *trace_folder_file(struct trace_folder *folder, const char *file)
{
  return tp_arena_printf(folder->arena, "%s/%s", folder->path, file);
}

static inline const char *trace_folder_text(struct trace_folder *folder, const char *file)
{
  const char *text;
  struct tp_error error;
  ck_assert_msg(tp_file_read(trace_folder_file(folder, file), folder->arena, &text, &error) ==
                    TP_OK,
                "%s", error.text);
  return text;
}

static inline void trace_folder_write(struct trace_folder *folder, const char *file,
                                      const char *text)
{
  FILE *out = fopen(trace_folder_file(folder, file), "w");
  ck_assert_ptr_nonnull(out);
  fputs(text, out);
  fclose(out);
}

static inline void trace_folder_remove(struct trace_folder *folder)
{
  char command[256];
  snprintf(command, sizeof command, "rm -r '%s'", folder->path);
  ck_assert_int_eq(system(command), 0);
  tp_arena_free(folder->arena);
}
#endif
