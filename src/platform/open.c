#include "platform/open.h"

#include "base/file.h"
#include "base/hash.h"
#include "platform/lend.h"
#include "platform/mistaken.h"
#include "platform/override.h"

#include <string.h>
#include <strings.h>

enum which { PLATFORM, DEVICE, STACK, N_DOCS };

struct opening {
  const struct tp_datadir *dirs;
  const struct tp_setup_request *request;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_setup *setup;
  struct tp_doc docs[N_DOCS]; /* root NULL: not open */
  bool xml;
};

static const struct {
  const char *what, *folder;
} kinds[N_DOCS] = {
    [PLATFORM] = {"platform", "platforms"},
    [DEVICE] = {"device", "platforms/devices"},
    [STACK] = {"stack", "platforms/stacks"},
};

static bool is_xml(const char *name)
{
  const size_t n = strlen(name);
  return n > 4 && strcasecmp(name + n - 4, ".xml") == 0;
}

static void note_input(struct opening *opening, const char *what, const char *path,
                       const char *text)
{
  struct tp_setup_input *input = &opening->setup->inputs[opening->setup->n_inputs++];
  input->what = what;
  input->path = path;
  tp_hash_text(text, input->hash);
}

static enum tp_status find(const struct opening *opening, enum which which, const char *name,
                           const char **path)
{
  const enum tp_status status =
      tp_datadir_find(opening->dirs, kinds[which].what, kinds[which].folder, ".json", name,
                      opening->arena, path, opening->error);
  if (status == TP_E_INPUT && which == PLATFORM)
    tp_mistaken_platform(opening->dirs, name, opening->arena, opening->error);
  if (status == TP_E_INPUT && which == DEVICE)
    tp_mistaken_device(opening->dirs, name, opening->arena, opening->error);
  return status;
}

static enum tp_status open_doc(struct opening *opening, enum which which, const char *name)
{
  const char *path;
  TP_TRY(find(opening, which, name, &path));
  TP_TRY(tp_doc_open(path, opening->arena, &opening->docs[which], opening->error));
  note_input(opening, kinds[which].what, path, opening->docs[which].text);
  return TP_OK;
}

/* SimGrid's XML is known by its name or, under another one (/dev/stdin), by how it begins. */
static enum tp_status open_platform(struct opening *opening, const char *name)
{
  const char *path = name, *text;
  if (!is_xml(name))
    TP_TRY(find(opening, PLATFORM, name, &path));
  TP_TRY(tp_file_read(path, opening->arena, &text, opening->error));
  note_input(opening, kinds[PLATFORM].what, path, text);
  opening->xml = is_xml(name) || text[strspn(text, " \t\r\n")] == '<';
  return opening->xml
             ? tp_platform_parse_xml(path, text, opening->arena, &opening->setup->platform,
                                     opening->error)
             : tp_doc_parse(path, text, opening->arena, &opening->docs[PLATFORM], opening->error);
}

/* The device the request names, else the platform. */
static enum tp_status open_device(struct opening *opening)
{
  const char *name = opening->request->device;
  if (name == NULL && opening->xml)
    name = opening->setup->platform.device_name;
  else if (name == NULL)
    name = json_string_value(tp_doc_at(&opening->docs[PLATFORM], "device"));
  if (name == NULL)
    return tp_fail(opening->error, TP_E_INPUT, "%s:1: names no device; give --device, or add %s",
                   opening->setup->inputs[PLATFORM].path,
                   opening->xml ? "<prop id=\"device\" value=\"NAME\"/> to its outermost zone"
                                : "\"device\": \"NAME\"");
  TP_TRY(open_doc(opening, DEVICE, name));
  TP_TRY(tp_device_borrow(opening->dirs, &opening->docs[DEVICE], opening->arena, opening->error));
  tp_device_say_absent(&opening->docs[DEVICE]);
  return TP_OK;
}

static enum tp_status apply_libraries(struct opening *opening)
{
  struct tp_library_files files;
  TP_TRY(tp_libraries_apply(opening->dirs, &opening->docs[STACK], &opening->docs[DEVICE],
                            opening->arena, &files, opening->error));
  for (int i = 0; i < files.n; i++)
    note_input(opening, "library", files.items[i].path, files.items[i].text);
  return TP_OK;
}

static enum tp_status apply_sets(struct opening *opening)
{
  const struct tp_override_docs docs = {opening->xml ? NULL : &opening->docs[PLATFORM],
                                        &opening->docs[DEVICE], &opening->docs[STACK]};
  for (size_t i = 0; i < opening->request->n_sets; i++)
    TP_TRY(tp_override_apply(&docs, opening->request->sets[i], opening->error));
  return TP_OK;
}

static enum tp_status read_docs(struct opening *opening)
{
  struct tp_setup *setup = opening->setup;
  if (!opening->xml)
    TP_TRY(tp_platform_read(&opening->docs[PLATFORM], opening->arena, &setup->platform,
                            opening->error));
  TP_TRY(tp_device_read(&opening->docs[DEVICE], opening->arena, &setup->device, opening->error));
  TP_TRY(tp_stack_read(&opening->docs[STACK], opening->arena, &setup->stack, opening->error));
  setup->platform.device = &setup->device;
  return TP_OK;
}

enum tp_status tp_setup_open(const struct tp_datadir *dirs, const struct tp_setup_request *request,
                             struct tp_arena *arena, struct tp_setup **setup,
                             struct tp_error *error)
{
  struct opening opening = {.dirs = dirs,
                            .request = request,
                            .arena = arena,
                            .error = error,
                            .setup = TP_NEW(arena, struct tp_setup, 1)};
  enum tp_status status = open_platform(&opening, request->platform);
  if (status == TP_OK)
    status = open_device(&opening);
  if (status == TP_OK)
    status = open_doc(&opening, STACK, request->stack);
  if (status == TP_OK)
    status = apply_libraries(&opening);
  if (status == TP_OK)
    tp_stack_say_absent(&opening.docs[STACK]);
  if (status == TP_OK)
    status = apply_sets(&opening);
  if (status == TP_OK)
    status = read_docs(&opening);
  for (int i = 0; i < N_DOCS; i++)
    if (opening.docs[i].root != NULL)
      tp_doc_close(&opening.docs[i]);
  if (status == TP_OK)
    *setup = opening.setup;
  return status;
}
