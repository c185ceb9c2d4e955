#define _XOPEN_SOURCE 700
#include "fit/traces.h"

#include "base/datadir.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "fit/trace_kind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kinds[] = {
#define X(name, text) text,
    TP_TRACES(X)
#undef X
};
static const char hash_mark[] = "fnv1a64 ", share_mark[] = "shapes held out ";

bool tp_traces_is_folder(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* "traces/h200-sxm/" -> "h200-sxm"; "." -> the name of the directory it is. */
static const char *name_of(const char *folder, struct tp_arena *arena)
{
  char *const whole = realpath(folder, NULL);
  const char *const slash = whole != NULL ? strrchr(whole, '/') : NULL;
  const char *const name = tp_arena_strdup(arena, slash != NULL ? slash + 1 : folder);
  free(whole);
  return name;
}

static const char *text_at(const struct tp_doc *doc, const char *path)
{
  return json_string_value(tp_doc_at(doc, path));
}

/* Device, driver and the day of the last run. */
static const char *origin_of(const struct tp_doc *doc, struct tp_arena *arena)
{
  const size_t n_runs = json_array_size(tp_doc_at(doc, "runs"));
  const char *const date =
      n_runs == 0 ? NULL : text_at(doc, tp_arena_printf(arena, "runs[%zu].date", n_runs - 1));
  const char *const device = text_at(doc, "machine.device");
  const char *const driver = text_at(doc, "machine.driver");
  const char *const note = text_at(doc, "machine.note");
  const char *origin = device != NULL ? device : "unnamed device";
  if (driver != NULL)
    origin = tp_arena_printf(arena, "%s, driver %s", origin, driver);
  if (date != NULL)
    origin = tp_arena_printf(arena, "%s, %.10s", origin, date);
  return note != NULL ? tp_arena_printf(arena, "%s (%s)", origin, note)
                      : tp_arena_strdup(arena, origin);
}

static const char *copy_of(const char *text, struct tp_arena *arena)
{
  return text != NULL ? tp_arena_strdup(arena, text) : NULL;
}

static enum tp_status read_origin(struct tp_traces *traces, struct tp_trace_file *file,
                                  struct tp_arena *arena, struct tp_error *error)
{
  const char *const sidecar = tp_arena_printf(arena, "%s.json", file->path);
  file->origin = "no sidecar";
  if (access(sidecar, F_OK) != 0)
    return TP_OK;
  struct tp_doc doc;
  TP_TRY(tp_doc_open(sidecar, arena, &doc, error));
  file->has_sidecar = true;
  file->machine = copy_of(text_at(&doc, "machine.device"), arena);
  file->origin = origin_of(&doc, arena);
  file->tpsim = copy_of(text_at(&doc, "machine.tpsim"), arena);
  file->clock = copy_of(text_at(&doc, "machine.clock"), arena);
  file->libraries = copy_of(text_at(&doc, "machine.cublaslt"), arena);
  traces->has_virtual_clock |= file->clock != NULL && strcmp(file->clock, "virtual clock") == 0;
  traces->holds_most |= file->tpsim != NULL && strncmp(file->tpsim, "0.1.", 4) == 0;
  tp_doc_close(&doc);
  return TP_OK;
}

/* Layers and generations have the same columns. */
static enum tp_status check_kind(const struct tp_traces *traces, enum tp_trace_kind kind,
                                 const char *text, struct tp_arena *arena, struct tp_error *error)
{
  const enum tp_trace_kind holds = tp_trace_kind_of(text, arena);
  if (holds == TP_N_TRACES || holds == (kind == TP_TRACE_GENERATE ? TP_TRACE_LAYERS : kind))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:1: has the columns of %s.csv; give it that name, or take it out",
                 traces->files[kind].path, kinds[holds]);
}

static enum tp_status take(const char *name, struct tp_arena *arena, struct tp_traces *traces,
                           struct tp_error *error)
{
  size_t kind = 0;
  while (kind < TP_N_TRACES && strcmp(name, kinds[kind]) != 0)
    kind++;
  if (kind == TP_N_TRACES)
    return tp_fail(error, TP_E_INPUT, "%s/%s.csv: no trace has this name%s", traces->folder, name,
                   tp_text_hint(arena, name, kinds, TP_N_TRACES));
  struct tp_trace_file *file = &traces->files[kind];
  const char *text;
  file->path = tp_arena_printf(arena, "%s/%s.csv", traces->folder, name);
  file->name = tp_arena_printf(arena, "%s/%s.csv", traces->device, name);
  TP_TRY(tp_file_read(file->path, arena, &text, error));
  TP_TRY(check_kind(traces, (enum tp_trace_kind)kind, text, arena, error));
  tp_hash_text(text, file->hash);
  if (kind == TP_TRACE_LAYERS || kind == TP_TRACE_GENERATE)
    traces->has_standins |= tp_trace_has_standins(text, arena);
  file->is_torn = text[0] != '\0' && text[strlen(text) - 1] != '\n';
  return read_origin(traces, file, arena, error);
}

static bool is_other(const char *a, const char *b)
{
  return a != NULL && b != NULL && strcmp(a, b) != 0;
}

static enum tp_status check_same(const struct tp_trace_file *file,
                                 const struct tp_trace_file *first, struct tp_error *error)
{
  const struct {
    const char *words, *is, *was;
  } facts[] = {{"on", file->machine, first->machine},
               {"by tpsim", file->tpsim, first->tpsim},
               {"by the clock", file->clock, first->clock},
               {"with cuBLASLt", file->libraries, first->libraries}};
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
    if (is_other(facts[i].is, facts[i].was))
      return tp_fail(error, TP_E_INPUT,
                     "%s.json: measured %s '%s', and %s %s '%s'; keep each in a folder of its own",
                     file->path, facts[i].words, facts[i].is, first->name, facts[i].words,
                     facts[i].was);
  return TP_OK;
}

/* What a sidecar says holds for all files of the folder. */
static enum tp_status check_machines(const struct tp_traces *traces, struct tp_error *error)
{
  const struct tp_trace_file *first = NULL, *without = NULL;
  for (size_t i = 0; i < TP_N_TRACES; i++) {
    const struct tp_trace_file *const file = &traces->files[i];
    if (file->path != NULL && !file->has_sidecar)
      without = file;
    if (!file->has_sidecar)
      continue;
    first = first == NULL ? file : first;
    TP_TRY(check_same(file, first, error));
  }
  if (first != NULL && without != NULL)
    return tp_fail(
        error, TP_E_INPUT,
        "%s: has no sidecar %s.json, which says who measured it, as %s has; put it back, "
        "or take the file out",
        without->path, without->path, first->name);
  return TP_OK;
}

/* "": nothing. */
static const char *untold_of(const struct tp_traces *traces)
{
  bool is_told = false, lacks_version = false;
  for (size_t i = 0; i < TP_N_TRACES; i++) {
    const struct tp_trace_file *const file = &traces->files[i];
    const bool holds_points = i == TP_TRACE_LAYERS || i == TP_TRACE_GENERATE;
    is_told = is_told || file->has_sidecar;
    lacks_version = lacks_version || (holds_points && file->path != NULL && file->tpsim == NULL);
  }
  if (!is_told)
    return "no file has a sidecar (FILE.csv.json), which says who measured it: taken to be one "
           "GPU, by its own clock, and tpsim 0.2 or later";
  return lacks_version ? "sidecars do not say which tpsim measured (machine.tpsim): taken to be "
                         "0.2 or later"
                       : "";
}

void tp_traces_tell(const struct tp_traces *traces, struct tp_arena *arena, struct tp_notes *notes)
{
  const char *const untold = untold_of(traces);
  if (untold[0] != '\0')
    TP_APPEND(arena, notes->texts, notes->n,
              tp_arena_printf(arena, "%s: %s", traces->folder, untold));
  for (size_t i = 0; i < TP_N_TRACES; i++)
    if (traces->files[i].is_torn)
      TP_APPEND(arena, notes->texts, notes->n,
                tp_arena_printf(arena,
                                "%s: the last line does not end: a number of it may be cut short; "
                                "`tpsim-cuda bench` measures it again",
                                traces->files[i].path));
}

enum tp_status tp_traces_check_device(const struct tp_traces *traces, const struct tp_datadir *dirs,
                                      struct tp_arena *arena, struct tp_error *error)
{
  const char *path;
  struct tp_error missing;
  if (tp_datadir_find(dirs, "device", "platforms/devices", ".json", traces->device, arena, &path,
                      &missing) == TP_OK)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s (the folder's name stands for it: give --device, or name the "
                 "folder as the device is)",
                 missing.text);
}

enum tp_status tp_traces_open(const char *folder, struct tp_arena *arena, struct tp_traces *traces,
                              struct tp_error *error)
{
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/')
    length--;
  folder = tp_arena_printf(arena, "%.*s", (int)length, folder);
  *traces = (struct tp_traces){.folder = folder, .device = name_of(folder, arena)};
  traces->fitted = tp_arena_printf(arena, "%s/device.json", folder);
  traces->is_fitted = access(traces->fitted, F_OK) == 0;
  const struct tp_datadir here = {&folder, 1};
  const char **names;
  size_t n;
  enum tp_status status = tp_datadir_list(&here, ".", ".csv", arena, &names, &n, error);
  if (status == TP_E_ENVIRONMENT)
    return tp_fail(error, TP_E_INPUT,
                   "%s: holds no traces; it needs gemm.csv, attention.csv, memory.csv, "
                   "quantise.csv, collectives.csv, interference.csv, sustained.csv, crossings.csv, "
                   "starts.csv, "
                   "layers.csv or generate.csv",
                   folder);
  for (size_t i = 0; status == TP_OK && i < n; i++)
    status = take(names[i], arena, traces, error);
  return status == TP_OK ? check_machines(traces, error) : status;
}

const char *tp_trace_source(const struct tp_trace_file *file, double hold_out_ratio,
                            struct tp_arena *arena)
{
  return tp_arena_printf(arena, "%s: %s; %s%s, %s%.9g", file->name, file->origin, hash_mark,
                         file->hash, share_mark, hold_out_ratio);
}

bool tp_trace_was_fitted(const struct tp_trace_file *file, const char *source)
{
  const char *const name = strrchr(file->name, '/'); /* whatever the folder is called by now */
  const char *const at = name != NULL ? strstr(source, name) : NULL;
  if (at == NULL || strncmp(at + strlen(name), ": ", 2) != 0)
    return false;
  const char *const origin = at + strlen(name) + 2;
  return strncmp(origin, file->origin, strlen(file->origin)) == 0 &&
         origin[strlen(file->origin)] == ';';
}

double tp_trace_held_out(const struct tp_trace_file *file, const char *source)
{
  const char *at = source;
  while ((at = strstr(at, hash_mark)) != NULL) {
    at += strlen(hash_mark);
    if (strncmp(at, file->hash, strlen(file->hash)) != 0)
      continue;
    const char *const share = strstr(at, share_mark);
    return share != NULL ? strtod(share + strlen(share_mark), NULL) : (double)NAN;
  }
  return (double)NAN;
}
