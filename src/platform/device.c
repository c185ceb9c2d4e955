#include "platform/device.h"

#include "base/text.h"
#include "platform/lend.h"
#include "platform/sheet.h"

#include <string.h>

static const char *const root_keys[] = {"format", "name", "like", "datasheet",
#define X(group, TABLE) #group,
                                        TP_DEVICE_FITTED_GROUPS(X)
#undef X
                                            NULL};

bool tp_device_may_lack(const char *key)
{
  static const char *const later[] = {TP_DEVICE_LATER_KEYS};
  return tp_text_is_among(key, later, sizeof later / sizeof *later);
}

/* What the tables do not say of each key. */
static void mark(struct tp_field *fields, size_t n)
{
  static const char *const counts[] = {TP_DEVICE_COUNTS};
  for (size_t i = 0; i < n; i++) {
    fields[i].optional |= tp_device_may_lack(fields[i].key);
    if (tp_text_is_among(fields[i].key, counts, sizeof counts / sizeof *counts))
      fields[i].type = TP_FIELD_COUNT;
  }
}

static bool is_left_out(const struct tp_doc *doc, const char *group)
{
  static const char *const later[] = {
#define X(later_group, TABLE) #later_group,
      TP_DEVICE_LATER_GROUPS(X) TP_DEVICE_EXCHANGE_GROUPS(X)
#undef X
  };
  return tp_text_is_among(group, later, sizeof later / sizeof *later) &&
         tp_doc_at(doc, group) == NULL;
}

static void say(json_t *group, const char *key, double least)
{
  if (least <= 0 && tp_device_may_lack(key) && json_object_get(group, key) == NULL)
    json_object_set_new(group, key, json_real(0));
}

void tp_device_say_absent(const struct tp_doc *doc)
{
  json_t *group;
#define SAY(key, least, most, meaning) say(group, #key, least);
#define X(name, TABLE)                               \
  if (json_is_object(group = tp_doc_at(doc, #name))) \
  TABLE(SAY)
  TP_DEVICE_FITTED_GROUPS(X)
#undef X
}

/* One reader a group; `here` is the group's struct inside it. */
#define FIELD(name, least, most, meaning) \
  {.key = #name,                          \
   .type = TP_FIELD_DOUBLE,               \
   .offset = offsetof(here, name),        \
   .min = (least),                        \
   .max = (most)},
#define READER(group, TABLE)                                                                \
  static enum tp_status read_##group(const struct tp_doc *doc, struct tp_arena *arena,      \
                                     struct tp_device_##group *out, struct tp_error *error) \
  {                                                                                         \
    typedef struct tp_device_##group here;                                                  \
    struct tp_field fields[] = {TABLE(FIELD)};                                              \
    struct tp_origin origin;                                                                \
    if (is_left_out(doc, #group)) {                                                         \
      out->source = "";                                                                     \
      return TP_OK;                                                                         \
    }                                                                                       \
    mark(fields, sizeof fields / sizeof *fields);                                           \
    const enum tp_status status = tp_sheet_read_section(                                    \
        doc, #group, fields, sizeof fields / sizeof *fields, out, &origin, arena, error);   \
    if (status == TP_OK) {                                                                  \
      out->kind = origin.kind;                                                              \
      out->source = origin.source;                                                          \
    }                                                                                       \
    return status;                                                                          \
  }
READER(datasheet, TP_DEVICE_DATASHEET)
#define X(group, TABLE) READER(group, TABLE)
TP_DEVICE_FITTED_GROUPS(X)
#undef X

enum tp_status tp_device_read(const struct tp_doc *doc, struct tp_arena *arena,
                              struct tp_device *device, struct tp_error *error)
{
  struct tp_device read = {0};
  TP_TRY(tp_sheet_read_object(doc, "", NULL, 0, root_keys, NULL, arena, error));
  TP_TRY(tp_sheet_read_name(doc, &read.name, arena, error));
  TP_TRY(read_datasheet(doc, arena, &read.datasheet, error));
#define X(group, TABLE) TP_TRY(read_##group(doc, arena, &read.group, error));
  TP_DEVICE_FITTED_GROUPS(X)
#undef X
  tp_device_lend(&read);
  *device = read;
  return TP_OK;
}
