#include "bench/trace_sidecar.h"

#include "base/json.h"
#include "base/output.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tp_trace_sidecar {
  const struct tp_trace_source *source;
  json_t *machine, *runs, *run; /* run: of runs, or NULL */
};

static void put_text(json_t *object, const char *key, const char *text)
{
  if (text != NULL)
    json_object_set_new(object, key, tp_json_text(text));
}

static void put_count(json_t *object, const char *key, int count)
{
  if (count > 0)
    json_object_set_new(object, key, json_integer(count));
}

/* Rows of two machines that differ in any of this are not comparable. */
static json_t *machine_of(const struct tp_trace_source *source)
{
  json_t *machine = json_object();
  put_text(machine, "device", source->device);
  put_text(machine, "clock", source->virtual_clock ? "virtual clock" : "device");
  if (source->virtual_clock)
    put_text(machine, "note", "times of the cost model: nothing was measured");
  put_text(machine, "platform", source->platform);
  put_text(machine, "stack", source->stack);
  put_text(machine, "set", source->sets);
  put_text(machine, "standin", source->standin);
  put_count(machine, "sms", source->sms);
  put_count(machine, "capability", source->capability);
  put_text(machine, "driver", source->driver);
  put_text(machine, "runtime", source->runtime);
  put_text(machine, "cublaslt", source->cublaslt);
  put_text(machine, "cudnn", source->cudnn);
  put_text(machine, "nccl", source->nccl);
  put_text(machine, "tpsim", source->version);
  return machine;
}

struct tp_trace_sidecar *tp_trace_sidecar_create(const struct tp_trace_source *source)
{
  struct tp_trace_sidecar *sidecar = calloc(1, sizeof *sidecar);
  if (sidecar == NULL)
    abort();
  *sidecar = (struct tp_trace_sidecar){
      .source = source, .machine = machine_of(source), .runs = json_array()};
  return sidecar;
}

void tp_trace_sidecar_free(struct tp_trace_sidecar *sidecar)
{
  if (sidecar == NULL)
    return;
  json_decref(sidecar->machine);
  json_decref(sidecar->runs);
  free(sidecar);
}

static const char *text_of(const json_t *machine, const char *key, char room[32])
{
  const json_t *value = json_object_get(machine, key);
  if (json_is_string(value))
    return json_string_value(value);
  snprintf(room, 32, "%lld", (long long)json_integer_value(value));
  return value != NULL ? room : "none";
}

/* Drivers of one branch differ in a last number that changes no kernel's time: "580.159.03". */
static bool is_branch(const char *a, const char *b)
{
  const char *const end = strrchr(a, '.');
  const size_t length = end != NULL && end != strchr(a, '.') ? (size_t)(end - a) : strlen(a);
  return strncmp(a, b, length) == 0 && (b[length] == '\0' || b[length] == '.');
}

/* Either may be NULL: the key is not there.  One GPU loads no NCCL, and no row of it needs one.
 * Rows of points say their stack, and sidecars of before did not. */
static bool is_same(const char *key, const json_t *a, const json_t *b)
{
  const bool may_lack = strcmp(key, "nccl") == 0 || strcmp(key, "stack") == 0;
  if (may_lack && (a == NULL || b == NULL))
    return true;
  if (strcmp(key, "driver") == 0 && json_is_string(a) && json_is_string(b))
    return is_branch(json_string_value(a), json_string_value(b));
  return json_equal(a, b);
}

/* First key that the two machines disagree about; NULL: none. */
static const char *difference(json_t *a, json_t *b)
{
  const char *key;
  json_t *value;
  json_object_foreach (a, key, value)
    if (!is_same(key, value, json_object_get(b, key)))
      return key;
  json_object_foreach (b, key, value)
    if (!is_same(key, json_object_get(a, key), value))
      return key;
  return NULL;
}

static enum tp_status check_machine(const struct tp_trace_sidecar *sidecar, json_t *root,
                                    const char *path, const char *table, struct tp_error *error)
{
  json_t *machine = json_object_get(root, "machine");
  if (!json_is_object(machine) || !json_is_array(json_object_get(root, "runs")))
    return tp_fail(error, TP_E_INPUT, "%s:1: does not say who measured %s; move both away", path,
                   table);
  const char *const key = difference(sidecar->machine, machine);
  char old[32], now[32];
  if (key == NULL)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s: was measured with %s '%s', this is '%s'; give another -o",
                 table, key, text_of(machine, key, old), text_of(sidecar->machine, key, now));
}

enum tp_status tp_trace_sidecar_take(struct tp_trace_sidecar *sidecar, const char *path,
                                     const char *table, struct tp_error *error)
{
  json_error_t reason;
  json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &reason);
  if (root == NULL)
    return tp_fail(error, TP_E_INPUT, "%s:%d: %s; it says who measured %s: move both away", path,
                   reason.line > 0 ? reason.line : 1, reason.text, table);
  const enum tp_status status = check_machine(sidecar, root, path, table, error);
  if (status == TP_OK) {
    json_decref(sidecar->runs);
    sidecar->runs = json_incref(json_object_get(root, "runs"));
  }
  json_decref(root);
  return status;
}

static bool agrees(const struct tp_trace_sidecar *sidecar, const char *path)
{
  json_t *const root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
  json_t *const machine = json_object_get(root, "machine");
  const bool same = json_is_object(machine) && difference(sidecar->machine, machine) == NULL;
  json_decref(root);
  return same;
}

bool tp_trace_sidecars_agree(const struct tp_trace_source *source)
{
  static const char ending[] = ".csv.json";
  DIR *const folder = opendir(source->directory);
  struct tp_trace_sidecar *const sidecar = tp_trace_sidecar_create(source);
  bool same = true;
  for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    char path[PATH_MAX];
    const size_t length = strlen(entry->d_name), end = sizeof ending - 1;
    if (length <= end || strcmp(entry->d_name + length - end, ending) != 0)
      continue;
    snprintf(path, sizeof path, "%s/%s", source->directory, entry->d_name);
    same = same && agrees(sidecar, path);
  }
  tp_trace_sidecar_free(sidecar);
  if (folder != NULL)
    closedir(folder);
  return same;
}

static enum tp_status note_clocks(struct tp_trace_sidecar *sidecar, const char *key,
                                  struct tp_error *error)
{
  double clocks_hz[2];
  if (sidecar->source->clocks == NULL)
    return TP_OK;
  TP_TRY(sidecar->source->clocks(sidecar->source->data, clocks_hz, error));
  json_object_set_new(
      sidecar->run, key,
      json_pack("{s:f, s:f}", "clock_hz", clocks_hz[0], "memory_clock_hz", clocks_hz[1]));
  return TP_OK;
}

enum tp_status tp_trace_sidecar_begin(struct tp_trace_sidecar *sidecar, struct tp_error *error)
{
  const struct tp_trace_source *source = sidecar->source;
  json_t *command = json_array();
  for (size_t i = 0; i < source->n_command; i++)
    json_array_append_new(command, tp_json_text(source->command[i]));
  sidecar->run = json_pack("{s:s, s:o}", "date", source->date, "command", command);
  if (source->driver != NULL)
    json_object_set_new(sidecar->run, "driver", json_string(source->driver));
  json_array_append_new(sidecar->runs, sidecar->run);
  return note_clocks(sidecar, "before", error);
}

enum tp_status tp_trace_sidecar_end(struct tp_trace_sidecar *sidecar, struct tp_error *error)
{
  return note_clocks(sidecar, "after", error);
}

enum tp_status tp_trace_sidecar_write(const struct tp_trace_sidecar *sidecar, const char *path,
                                      struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_output output;
  json_t *root =
      json_pack("{s:i, s:O, s:O}", "format", 1, "machine", sidecar->machine, "runs", sidecar->runs);
  char *const text = json_dumps(root, JSON_INDENT(1));
  enum tp_status status = tp_output_open(path, arena, &output, error);
  if (status == TP_OK) {
    fprintf(output.stream, "%s\n", text != NULL ? text : "{}");
    status = tp_output_commit(&output, error);
  }
  free(text);
  json_decref(root);
  tp_arena_free(arena);
  return status;
}
